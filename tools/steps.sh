# steps.sh - long work shown as one line: what is done, for how long, and on failure the end of its output.
#
# Sourced by ./run, ./test and tools/install. step TITLE LOG COMMAND... ; a terminal sees the last line of the output move,
# a file gets one line a step.

PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH PYTHONDONTWRITEBYTECODE=1

# Background commands of a script do not see Ctrl-C: the step's command is ended here.
trap '[ -z "${STEP_JOB:-}" ] || kill "$STEP_JOB" 2>/dev/null; printf "\nInterrupted.\n" >&2; exit 130' INT TERM HUP

say() { printf '%s\n' "$*"; }

# Ends the script: what is wrong, then what to do.
fail() {
	printf '%s\n' "$1" >&2
	shift
	[ $# -eq 0 ] || printf '  %s\n' "$@" >&2
	exit 1
}

need_root() {
	[ "$(id -u)" -eq 0 ] || fail "$1 needs root: it installs packages and makes network namespaces." "Run: sudo $1"
}

step_show() {
	local title=$1 log=$2 started=$3 last
	last=$(tail -c 400 "$log" 2>/dev/null | tr '\r' '\n' | grep -v '^[[:space:]]*$' | tail -n 1 | cut -c 1-60)
	printf '\r\033[K  ..    %-34s %4d s  %s' "$title" $((SECONDS - started)) "$last"
}

step() {
	local title=$1 log=$2 started=$SECONDS result=0 job
	shift 2
	mkdir -p "$(dirname "$log")"
	"$@" >"$log" 2>&1 </dev/null &
	job=$!
	STEP_JOB=$job
	if [ -t 1 ]; then
		while kill -0 "$job" 2>/dev/null; do
			step_show "$title" "$log" "$started"
			sleep 0.3
		done
		printf '\r\033[K'
	fi
	wait "$job" || result=$?
	STEP_JOB=
	if [ "$result" -eq 0 ]; then
		printf '  ok    %-34s %4d s\n' "$title" $((SECONDS - started))
		return 0
	fi
	printf '  FAIL  %-34s %4d s  (status %d)\n\n' "$title" $((SECONDS - started)) "$result"
	tail -n "${STEP_TAIL:-40}" "$log" | sed 's/^/        /'
	printf '\n  All of it: %s\n' "$log"
	return "$result"
}
