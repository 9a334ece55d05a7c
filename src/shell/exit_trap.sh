# The EXIT trap: a step that ends its shell (`exit`, a failing command, `set -u`) reports its state as well. bash parses this file line
# by line, so the first line switches off the aliases that the step may have made. The trap itself (`exit_trap.rs`) has set
# __guide_result, has written the builtins that the step has disabled to the state, and has enabled them.
# The steps' own EXIT trap (its text is in __guide_exit) runs at the chapter's end only: for the chapter, a shell that a step ends goes
# on in the next one.
# A child that a signal reaches before it has put off its parent's traps runs them, too: it must not speak for the shell.
__guide_shell_options=$BASHOPTS; \builtin shopt -u expand_aliases
if [[ ${BASHPID:-$$} != "$$" ]]; then builtin return 0; fi
if [[ ${__guide_ending-} && ${__guide_exit-} ]]; then builtin set +e; ( builtin exit "$__guide_result" ); builtin eval "$__guide_exit"; fi
{ @DUMP@ } 1>>@STATE@ 2>&1
builtin printf E >@CONTROL@
