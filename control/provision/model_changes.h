/*
 * model_changes.h - what a change does to which object, for people: counts of everything, and the first so many objects
 * with their old and new values.
 *
 * Thread: any.
 */
#ifndef AMITY_MODEL_CHANGES_H
#define AMITY_MODEL_CHANGES_H

#include <jansson.h>

#include "model_compare.h"

/* What happened to one kind of thing. */
struct model_change_count {
	uint32_t added;
	uint32_t changed;
	uint32_t removed;
};

/*
 * `listed`: an array of
 *
 *   {"change": "added|changed|removed|reordered", "kind": "user", "company": "acme", "name": "alice",
 *    "fields": [{"key": "display", "before": "Alice Doe", "after": "Alice Roe"}]}
 *
 * with values as export writes them, null where there is none, and {"key": "password", "hidden": true} for secrets.
 * "reordered" has no name and the plural of a
 * kind: it is said of all of them.
 */
struct model_changes {
	struct model_change_count count[MODEL_KIND_COUNT];
	json_t *listed;	  /* may be NULL before model_changes_find() */
	uint32_t omitted; /* that are not listed */
};

/* What is listed; everything is counted. */
struct model_changes_limit {
	uint32_t most;
	bool has_inside; /* also what is in a company that was added or removed as a whole */
};

/* Result: STATUS_NO_MEMORY; *changes is to be freed in any case. */
AMITY_CHECKED enum status model_changes_find(struct model_changes *changes, const struct model *before,
					     const struct model *after, struct model_changes_limit limit);

/* "users +1 ~2, friends -1"; "order" when nothing else differs. */
void model_changes_summarise(char *text, size_t size, const struct model_changes *changes);

void model_changes_free(struct model_changes *changes);

#endif
