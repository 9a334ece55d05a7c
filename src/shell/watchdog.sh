# The watchdog: it waits for the runner's end, and stops what the run had started if the runner was killed.
# $1: the run's tag. Standard input: a pipe that only the runner writes to.
# Lines: "group N" (a process group of the run), "gone N" (no longer one), "done" (the runner has ended by itself).
# The end of the pipe without "done" means that the runner was killed. Only builtins are used.
trap '' INT TERM HUP QUIT
declare -A groups=()
while read -r word value; do
    case $word in
        group) groups[$value]=1 ;;
        gone) unset "groups[$value]" ;;
        done) exit 0 ;;
    esac
done
for group in "${!groups[@]}"; do kill -KILL -- "-$group"; done
# A process that has left these groups still has the tag, alone or followed by the number of a background step.
# Processes may be started during the search, so the search is repeated until it finds nothing.
for ((round = 0; round < 20; round++)); do
    found=
    for process in /proc/[0-9]*; do
        mapfile -d '' -t environment <"$process/environ" || continue
        for variable in "${environment[@]}"; do
            if [[ $variable == "GUIDE_RUN_TAG=$1" || $variable == "GUIDE_RUN_TAG=$1+"* ]]; then
                kill -KILL "${process#/proc/}" && found=1
            fi
        done
    done
    [[ $found ]] || exit 0
done
