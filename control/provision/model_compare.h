/*
 * model_compare.h - are two models, or two objects of them, the same content? Which objects did a change add,
 * change, remove?
 *
 * Places in the document do not count; a default that is written down is the same as one that is not.
 *
 * Thread: any.
 */
#ifndef AMITY_MODEL_COMPARE_H
#define AMITY_MODEL_COMPARE_H

#include "model.h"
#include "model_schema.h"
#include "status.h"

/* Is the member absent, or as good as absent? */
bool model_compare_is_default(const struct model_schema_row *row, const void *member);

bool model_compare_members(const struct model_schema_row *row, const void *a, const void *b);
bool model_compare_objects(const struct model_schema *schema, const void *a, const void *b);

/* The kinds of objects that have names. */
enum model_kind {
	MODEL_KIND_CARRIER,
	MODEL_KIND_COMPANY,
	MODEL_KIND_USER,
	MODEL_KIND_FRIEND,
	MODEL_KIND_EXTENSION,
	MODEL_KIND_DDI,
	MODEL_KIND_ACL,
	MODEL_KIND_COUNT,
};

struct model_kind_row {
	const char *name;   /* "user" */
	const char *plural; /* "users": also the key of their list */
	const struct model_schema *schema;
	size_t list_offset; /* in struct model or struct model_company */
};

extern const struct model_kind_row model_compare_kinds[MODEL_KIND_COUNT];

/* Objects of a list that are the same when their names are. */
struct model_difference {
	enum model_kind kind;
	const struct model_company *company; /* whose; NULL: of the document itself */
	const void *before;		     /* NULL: added */
	const void *after;		     /* NULL: removed; both NULL: they stand in another order */
	bool is_inside;			     /* of a company that was added or removed as a whole */
};

/* What stops the walk is not STATUS_OK. */
typedef enum status (*model_difference_fn)(void *argument, const struct model_difference *difference);

/* Carriers, then companies; each company before what is in it. Result: the first status that is not STATUS_OK;
 * STATUS_NO_MEMORY. */
AMITY_CHECKED enum status model_compare_walk(const struct model *before, const struct model *after,
					     model_difference_fn visit, void *argument);

#endif
