# The long-lived shell of a chapter: it reads one command after another from a pipe, runs it, and reports its end and its state.
#
# `session.rs` drops these comments, joins the lines to ONE line (so that "line N" in bash's messages is the line in the
# step's script), and puts the paths of the runner's descriptors for @COMMANDS@, @CONTROL@, @STATE@ and @INITIAL@, the EXIT trap
# for @TRAP@, and `state/descriptors.sh` for @DESCRIPTORS@.
# The descriptors are opened by path, each time: no descriptor of the runner is open while a step runs, so none of its processes
# can inherit one. Only builtins are used, and nothing forks. Rules that follow from what a step may do to its shell:
#   - commands are read from descriptor 9: while the shell waits, 0, 1 and 2 are what the step has made of them, and the runner
#     checks whether they are still the shell's own;
#   - `builtin` stands before every builtin (a step may define a function `read`); no function is defined (`declare -f` would show it);
#   - the loops are arithmetic, and their conditions are false unless the body has run (`set -n`, a disabled `builtin`);
#   - the end of a step starts with a redirected group, as nothing of a traced group (`set -x`, DEBUG) may get into the output;
#   - a step that can have changed only the variables that it names (`side_effects.rs`) has no tracing and no trap that could print:
#     its end needs no such care, and only those variables are printed;
#   - whatever stands before the step leaves `$?` zero, as a step may read it first;
#   - a `break` of the step ends the inner loop, not the outer one.
# Each variable of the driver costs a line of the state: there are few, and some have more than one use.
builtin unset BASH_EXECUTION_STRING;
builtin set -e -o pipefail;
builtin trap '@TRAP@' EXIT;
{ builtin printf '%s %s\n' "$EPOCHSECONDS" "$SECONDS"; builtin ulimit -aS; builtin ulimit -aH; builtin trap -p; @DESCRIPTORS@ builtin declare -p; } 1<>@INITIAL@ 2>&1;
__guide_base=${#__guide_script[@]};
for ((__guide_turn = 1; __guide_turn--; )); do
if [[ ${TMOUT-} ]]; then { builtin read -r -u 9 -t 99999999 -N 10 __guide_script && builtin read -r -u 9 -t 99999999 -N "$__guide_script" __guide_script; } 9<@COMMANDS@ || builtin exit 0;
else { builtin read -r -u 9 -N 10 __guide_script && builtin read -r -u 9 -N "$__guide_script" __guide_script; } 9<@COMMANDS@ || builtin exit 0; fi;
builtin eval "$__guide_script";
for __guide_script in "$__guide_script"; do
if [[ $__guide_effects ]]; then
builtin eval "$__guide_script";
case $? in 0) ;; *) builtin exit ;; esac;
if [[ $__guide_effects == some ]]; then { builtin declare -p "${__guide_names[@]}" || [[ 1 ]]; } 1<>@STATE@ 2>&1; fi;
__guide_turn=1;
else
__guide_head=;
builtin eval "$__guide_script";
{ @DUMP@ } 1<>@STATE@ 2>&1;
fi;
__guide_effects=reported;
if ((__guide_turn)); then builtin printf N >@CONTROL@ || __guide_turn=; fi;
done;
if [[ ! $__guide_turn ]]; then builtin exit 1; fi;
if [[ $__guide_effects != reported ]]; then builtin printf 'bash: break, continue: only meaningful in a loop\n' >&2; builtin exit 1; fi;
done
