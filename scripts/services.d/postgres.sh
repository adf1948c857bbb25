# What the PostgreSQL services share. They set `programs`, the folder with bin/initdb and bin/postgres.
# shellcheck shell=bash disable=SC2034,SC2154

# PostgreSQL's word for: end sessions, then stop.
stop_signal=INT

prepare() { prepare_cluster; }

# A new cluster with a database `vecsh`, which has the vector extension if the server does.
prepare_cluster() {
    make_password
    # initdb wants the password in a file, and runs as somebody else.
    local copy=$place/password.initdb
    rm -rf "$place/data" "$copy"
    (umask 077 && cp "$place/password" "$copy" && mkdir "$place/data")
    [ "$(id -u)" -ne 0 ] || chown "$(server_user)" "$copy" "$place/data"
    (as_server "$programs/bin/initdb" -D "$place/data" -U postgres -A scram-sha-256 --pwfile="$copy" \
        --encoding=UTF8 --locale=C.UTF-8) >"$place/initdb.log" 2>&1 ||
        fail "initdb failed. The end of $place/initdb.log:" "$(tail -n 5 "$place/initdb.log")"
    rm -f "$copy"
    alone postgres "create database vecsh"
    ! has_vector || alone vecsh "create extension vector"
}

has_vector() {
    [ -e "$programs/share/postgresql/extension/vector.control" ] ||
        [ -e "/usr/share/postgresql/${programs##*/}/extension/vector.control" ]
}

# One statement before there is a server.
alone() {
    (as_server "$programs/bin/postgres" --single -D "$place/data" "$1") <<<"$2" >>"$place/initdb.log" 2>&1
}

# Data for tests and trials: speed is worth more than what a power cut would leave.
start() {
    ln -sfn "$programs" "$place/programs"
    spawn "$programs/bin/postgres" -D "$place/data" -c listen_addresses=127.0.0.1 -c port="$port" \
        -c unix_socket_directories= -c fsync=off -c max_connections=400 "${more_options[@]}"
}

more_options=()

# A server that listens but does not answer yet says so, and pg_isready knows the difference.
is_ready() { "$programs/bin/pg_isready" --quiet --host 127.0.0.1 --port "$(<"$place/port")"; }

connect_line() {
    echo "connect pg to postgres://postgres@127.0.0.1:$(<"$place/port")/vecsh password file $place/password${more_words:-}"
}
