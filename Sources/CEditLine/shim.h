#pragma once
#include <histedit.h>
#include <locale.h>
#include <langinfo.h>
#include <stdio.h>
#include <string.h>

// el_wset and el_wget take any number of arguments, which Swift cannot pass; and stdin is a variable, which it refuses.

// libedit keeps the keys, the text and the modes of the terminal; what it would draw goes to `sink`.
static inline EditLine *edit_begin(const char *program, FILE *sink) {
    return el_init_fd(program, stdin, sink, sink, 0, 1, 2);
}

static inline int edit_use_keys(EditLine *line, const wchar_t *editor) { return el_wset(line, EL_EDITOR, editor); }
static inline int edit_leave_signals(EditLine *line) { return el_wset(line, EL_SIGNAL, 0); }
// Modes of the terminal while a line is edited, as for stty.
static inline int edit_change_modes(EditLine *line, const wchar_t *modes) {
    return el_wset(line, EL_SETTY, L"-d", modes, NULL);
}
static inline int edit_read_with(EditLine *line, el_rfunc_t read) { return el_wset(line, EL_GETCFN, read); }
static inline int edit_set_raw(EditLine *line, int is_raw) { return el_wset(line, EL_PREP_TERM, is_raw); }
static inline int edit_set_owner(EditLine *line, void *owner) { return el_wset(line, EL_CLIENTDATA, owner); }

static inline void *edit_owner(EditLine *line) {
    void *owner = NULL;
    el_wget(line, EL_CLIENTDATA, &owner);
    return owner;
}

typedef unsigned char (*edit_command)(EditLine *, wint_t);

// libedit keeps the pointers to the names: they must live as long as the line.
static inline int edit_add(EditLine *line, const wchar_t *name, const wchar_t *help, edit_command command) {
    return el_wset(line, EL_ADDFN, name, help, command);
}
static inline int edit_bind(EditLine *line, const wchar_t *key, const wchar_t *name) {
    return el_wset(line, EL_BIND, key, name, NULL);
}
// The second map is vi's command mode.
static inline int edit_bind_second(EditLine *line, const wchar_t *key, const wchar_t *name) {
    return el_wset(line, EL_BIND, L"-a", key, name, NULL);
}

// The person's own locale where it is UTF-8, else one that is: otherwise letters would not be letters.
static inline void edit_use_utf8(void) {
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) setlocale(LC_CTYPE, "C.UTF-8");
}
