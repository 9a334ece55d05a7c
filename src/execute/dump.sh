# The state of the shell, on stdout: what `state.rs` reads. Comments are dropped and the lines joined, as in `driver.sh`.
# First line: nothing may stand before it, since `$?` is the step's.
__guide_head=$__guide_mark$'\n'${__guide_result:-$?}$'\n'$SHELLOPTS; __guide_script=;
builtin printf -v __guide_turn 1 || [[ 1 ]];
# A function named `builtin` would keep us from every builtin. Setting POSIXLY_CORRECT is no command: it makes `unset` the builtin.
# The same for a step that has disabled builtins.
if ((! __guide_turn)); then POSIXLY_CORRECT=1; unset -f unset builtin; unset POSIXLY_CORRECT; builtin enable printf declare trap umask read || [[ 1 ]]; builtin printf -v __guide_turn 1 || [[ 1 ]]; fi;
if [[ $SHELLOPTS != braceexpand:errexit:hashall:interactive-comments:pipefail ]]; then builtin set +aefkmnuvxEHPT +o pipefail; if [[ :$SHELLOPTS: == *:posix:* ]]; then builtin set +o posix; fi; fi;
if [[ ${__guide_after-} ]]; then builtin eval "$__guide_after"; fi;
builtin printf '%s\n' "" "$__guide_head" "${__guide_shell_options:-$BASHOPTS}" "${__guide_exit+${__guide_exit@Q}}" "$#" "${@@Q}" "$__guide_mark";
builtin trap -p;
builtin trap - DEBUG ERR RETURN;
# Made when they are asked for by name; empty or old in a list of all.
if ((${#BASH_ALIASES[@]} + ${#DIRSTACK[@]} > 1)); then builtin declare -p BASH_ALIASES DIRSTACK; fi;
builtin umask -p;
builtin declare -p;
builtin declare -F;
builtin declare -f;
