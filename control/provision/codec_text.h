/*
 * codec_text.h - the names of codecs as people write them (R25): what is one, how it is spelled, what was meant by one
 * that is none.
 *
 * Thread: any.
 */
#ifndef AMITY_CODEC_TEXT_H
#define AMITY_CODEC_TEXT_H

#include <stddef.h>

#include "span.h"

/* As codecs.def spells it; `name` itself when no row has it. */
struct span codec_text_spell(struct span name);

/* Result: false, with the reason and a way out in plain words in `why`. */
bool codec_text_check(struct span name, char *why, size_t size);

#endif
