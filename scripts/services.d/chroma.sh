# What the Chroma services share.
# shellcheck shell=bash disable=SC2034,SC2154

prepare() { make_data_folder; }

is_ready() {
    "$(server_python)" -c 'import sys, urllib.request
urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/api/v2/heartbeat", timeout=1)' "$(<"$place/port")" 2>/dev/null
}
