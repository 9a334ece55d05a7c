# The state of the shell, on stdout: what `state.rs` reads. Comments are dropped and the lines joined, as in `driver.sh`.
# First line: nothing may stand before it, since `$?` is the step's.
__guide_head=$__guide_mark$'\n'${__guide_result:-$?}$'\n'$SHELLOPTS$'\n'${__guide_shell_options:-$BASHOPTS}; __guide_script=;
builtin printf -v __guide_turn 1 || [[ 1 ]];
# A function named `builtin` would keep us from every builtin. Setting POSIXLY_CORRECT is no command: it makes `unset` the builtin.
if ((! __guide_turn)); then POSIXLY_CORRECT=1; unset -f unset builtin || [[ 1 ]]; fi;
# Builtins that a step has disabled: named (before the mark, as `printf` may be one of them), and ours again.
builtin enable -n;
builtin enable break cd continue declare enable eval exit export printf read set shopt source trap ulimit umask unset || [[ 1 ]];
if ((! __guide_turn)); then builtin unset POSIXLY_CORRECT; fi;
builtin printf -v __guide_turn 1 || [[ 1 ]];
if [[ $SHELLOPTS != braceexpand:errexit:hashall:interactive-comments:pipefail ]]; then builtin set +aefkmnuvxEHPT +o pipefail; if [[ :$SHELLOPTS: == *:posix:* ]]; then builtin set +o posix; fi; fi;
# To leave POSIX mode changes two more options, of which BASHOPTS does not tell.
if [[ $__guide_head != *inherit_errexit* ]]; then builtin shopt -u inherit_errexit || [[ 1 ]]; fi;
if [[ $__guide_head == *expand_aliases* && ! ${__guide_shell_options-} ]]; then builtin shopt -s expand_aliases; fi;
# A function that `preparation.rs` gives to a step that may set an EXIT trap.
if [[ ${__guide_trap-} ]]; then builtin unset -f trap; builtin unset -v __guide_trap; fi;
if [[ ${__guide_after-} ]]; then builtin eval "$__guide_after"; fi;
builtin printf '%s\n' "" "$__guide_head" "${EPOCHSECONDS//[!0-9]} ${SECONDS//[!0-9-]}" "${__guide_exit+${__guide_exit@Q}}" "$#" "${@@Q}" "$__guide_mark";
# A line of its own ends each section: what a step wrote itself (a trap, say) may hold any other line.
builtin trap -p;
builtin trap - DEBUG ERR RETURN;
builtin printf '%s\n' "$__guide_mark";
# Made when they are asked for by name; empty or old in a list of all.
if ((${#BASH_ALIASES[@]} + ${#DIRSTACK[@]} > 1)); then builtin declare -p BASH_ALIASES DIRSTACK; fi;
builtin printf '%s\n' "$__guide_mark";
builtin umask -p;
builtin ulimit -aS;
builtin ulimit -aH;
builtin printf '%s\n' "$__guide_mark";
builtin declare -p;
builtin printf '%s\n' "$__guide_mark";
builtin declare -F;
builtin printf '%s\n' "$__guide_mark";
builtin declare -f;
builtin printf '%s\n' "$__guide_mark";
