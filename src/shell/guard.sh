# What the guard becomes when the runner was killed: it ends what the run had started.
# $1: the run's tag. The others: process groups of the run. Only builtins; nothing it needs is in the environment.
trap '' INT TERM HUP QUIT
for group in "${@:2}"; do kill -KILL -- "-$group"; done
# What has left the process groups still has the tag, alone or followed by the number of a background step.
# New ones may be made while we look: until nothing is found any more.
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
