/*
 * directory_names.h - who is in a directory, by name: the lcores' tables find companies by domain alone.
 *
 * Thread: any; the directory must live.
 */
#ifndef AMITY_DIRECTORY_NAMES_H
#define AMITY_DIRECTORY_NAMES_H

#include "caller_identify.h"
#include "directory.h"

struct directory_names {
	const struct directory *directory;
	const struct company **company; /* [company_count], in the order of their names; owned */
};

/* Result: false: no memory; directory_names_free() all the same. Cost: a sort of the companies. */
bool directory_names_build(struct directory_names *names, const struct directory *directory);
void directory_names_free(struct directory_names *names);

/* The order that the companies are in: bytewise, then the shorter one. Result: as of memcmp(). */
int directory_names_compare(struct span a, struct span b);

/* Result: NULL: there is none of that name. Cost: companies a binary search, carriers linear, endpoints a hash. */
const struct company *directory_names_find_company(const struct directory_names *names, struct span name);
const struct carrier *directory_names_find_carrier(const struct directory_names *names, struct span name);

/* Of that kind. `company` may be NULL: it has none. */
const struct endpoint *directory_names_find_endpoint(const struct company *company, struct span name,
						     enum endpoint_kind kind);

bool directory_names_has_ddi(const struct directory_names *names, struct span number);

#endif
