/*
 * document_text.h - what a document must be before its parser sees it: UTF-8 without NUL, and without explicit keys.
 *
 * libfyaml 0.7.12 never ends on a directive line ('%') that has a byte which is no UTF-8, and it crashes on some faults
 * behind an explicit key ("? a:" and a tab), which no document of ours needs.
 */
#ifndef AMITY_DOCUMENT_TEXT_H
#define AMITY_DOCUMENT_TEXT_H

#include "problem.h"
#include "span.h"

/*
 * Takes the UTF-8 character at the start of `text`, which is not empty. Thread: any.   Result: its length; 0 when there
 * is none (overlong, surrogate, beyond U+10FFFF included).
 */
uint32_t document_text_take(uint32_t *code, struct span text);

/* How many bytes of printable ASCII `text` begins with: most texts are nothing else. Thread: any. */
uint32_t document_text_skip(struct span text);

/* Thread: any.   Result: false when it is no such text; the first place of it is then a problem. */
bool document_text_check(struct problem_list *problems, const char *file, struct span text);

#endif
