/*
 * pattern_compile_serve.h - the compiling process: amityd, started by itself under another name (pattern_compiler.h).
 */
#ifndef AMITY_PATTERN_COMPILE_SERVE_H
#define AMITY_PATTERN_COMPILE_SERVE_H

#include <stdbool.h>

/* argv[0] of the compiling process. */
#define PATTERN_COMPILE_SERVE_NAME "amity-compile"

/* Was this program started to compile? To be asked before anything else is done. */
bool pattern_compile_serve_is_asked(char **arguments);

/* Compiles what it is asked for until the other end closes. Result: the exit status. */
int pattern_compile_serve(void);

#endif
