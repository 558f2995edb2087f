/*
 * facts.h - what a parser says of a message or of a part of one, in a form that two parsers can be compared by:
 * accepted or not, and a list of named texts in a fixed order.
 */
#ifndef AMITY_TESTS_FACTS_H
#define AMITY_TESTS_FACTS_H

#include "span.h"

/* What is parsed: a whole datagram, or a value that stands in one, without folds. */
enum item {
	ITEM_MESSAGE,
	ITEM_URI,
	ITEM_VIA,
	ITEM_ADDRESS, /* one name-addr or addr-spec with parameters, and the URI in it */
	ITEM_CREDENTIALS,
	ITEM_SDP,
	ITEM_COUNT
};

#define FACTS_MAX	64
#define FACTS_BYTES_MAX 131072

struct facts {
	bool accepted;
	uint32_t count;
	struct {
		const char *name;
		struct span text; /* in `text` below */
	} fact[FACTS_MAX];
	uint32_t used;
	char text[FACTS_BYTES_MAX];
};

void facts_clear(struct facts *facts);
void facts_add(struct facts *facts, const char *name, struct span text);
void facts_add_number(struct facts *facts, const char *name, uint32_t number);

/* The name of the first fact that differs; NULL when all are equal. */
const char *facts_difference(const struct facts *one, const struct facts *other);

/* Our parser's and libosip2's. The second needs facts_osip_init() first. */
void facts_by_amity(struct facts *facts, enum item item, struct span text);
void facts_osip_init(void);
void facts_by_osip(struct facts *facts, enum item item, struct span text);

#endif
