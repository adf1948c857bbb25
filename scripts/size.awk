# Names files and functions that are too long. It trusts the layout of `swift format`: a function ends at the first
# closing brace that is as far in as its first line.

FNR == 1 { begun = 0 }

FNR == 401 { complain(FNR, "the file is longer than 400 lines") }

{
    match($0, /^ */)
    depth = RLENGTH
}

begun && depth == begun_depth && /^ *}/ {
    if (FNR - begun + 1 > 60) complain(begun, "the function has " (FNR - begun + 1) " lines")
    begun = 0
}

/^ *([a-z@(). ]+ )?(func |init[?(<]|deinit |subscript[(<])/ && !/}$/ {
    begun = FNR
    begun_depth = depth
}

function complain(line, what) {
    print FILENAME ":" line ": " what > "/dev/stderr"
    failed = 1
}

END { exit failed }
