# Prints the state of the shell for `state.rs`. Comments are dropped and the lines joined, as in `driver.sh`.
# Nothing may stand before the first line, since `$?` is the step's exit code.
__guide_head=$__guide_mark$'\n'${__guide_result:-$?}$'\n'$SHELLOPTS$'\n'${__guide_shell_options:-$BASHOPTS}; __guide_script=;
builtin printf -v __guide_turn 1 || [[ 1 ]];
# A function named `builtin` would hide every builtin. POSIXLY_CORRECT makes `unset` the builtin; to set it needs no command.
if ((! __guide_turn)); then POSIXLY_CORRECT=1; unset -f unset builtin || [[ 1 ]]; fi;
# Builtins that a step has disabled: they are listed (before the mark, as `printf` may be one of them) and enabled again.
builtin enable -n;
builtin enable . break cd continue declare enable eval exit export printf read set shopt source trap ulimit umask unset || [[ 1 ]];
if ((! __guide_turn)); then builtin unset POSIXLY_CORRECT; fi;
builtin printf -v __guide_turn 1 || [[ 1 ]];
if [[ $SHELLOPTS != braceexpand:errexit:hashall:interactive-comments:pipefail ]]; then builtin set +aefkmnuvxEHPT +o pipefail; if [[ :$SHELLOPTS: == *:posix:* ]]; then builtin set +o posix; fi; fi;
# Leaving POSIX mode changes two more options, which BASHOPTS does not show.
if [[ $__guide_head != *inherit_errexit* ]]; then builtin shopt -u inherit_errexit || [[ 1 ]]; fi;
if [[ $__guide_head == *expand_aliases* && ! ${__guide_shell_options-} ]]; then builtin shopt -s expand_aliases; fi;
# The function `trap` that `preparation.rs` gives to a step that may set an EXIT trap.
if [[ ${__guide_trap-} ]]; then builtin unset -f trap; builtin unset -v __guide_trap; fi;
if [[ ${__guide_after-} ]]; then builtin eval "$__guide_after"; fi;
builtin printf '%s\n' "" "$__guide_head" "${EPOCHSECONDS//[!0-9]} ${SECONDS//[!0-9-]}" "${__guide_exit+${__guide_exit@Q}}" "$#" "${@@Q}" "$__guide_mark";
# The mark ends each section: text that a step wrote itself (a trap, say) may hold any other line.
builtin trap -p;
builtin trap - DEBUG ERR RETURN;
builtin printf '%s\n' "$__guide_mark";
# bash fills these when they are named; in a list of all variables they are empty or old.
if ((${#BASH_ALIASES[@]} + ${#DIRSTACK[@]} > 1)); then builtin declare -p BASH_ALIASES DIRSTACK; fi;
builtin printf '%s\n' "$__guide_mark";
builtin umask -p;
builtin ulimit -aS;
builtin ulimit -aH;
builtin printf '%s\n' "$__guide_mark";
@DESCRIPTORS@
__guide_script=();
builtin printf '%s\n' "$__guide_mark";
builtin declare -p;
builtin printf '%s\n' "$__guide_mark";
builtin declare -F;
builtin printf '%s\n' "$__guide_mark";
builtin declare -f;
builtin printf '%s\n' "$__guide_mark";
