/*
 * grammar.h - the grammar of RFC 3261 25.1 (IPv6 as RFC 5954 mends it) as regular expressions, written down from the
 * RFC and independent of both parsers: who is right when they differ.
 */
#ifndef AMITY_TESTS_GRAMMAR_H
#define AMITY_TESTS_GRAMMAR_H

#include "facts.h"

void grammar_build(void);
void grammar_free(void);

/* ITEM_MESSAGE and ITEM_SDP have no grammar here: false. */
bool grammar_accepts(enum item item, struct span text);

#endif
