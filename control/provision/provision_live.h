/*
 * provision_live.h - what is in service: the tables that lcores read, and the model that they were built of.
 *
 * Thread: control.
 */
#ifndef AMITY_PROVISION_LIVE_H
#define AMITY_PROVISION_LIVE_H

#include "directory.h"
#include "model.h"
#include "secret_keys.h"
#include "status.h"

struct publisher;

struct provision_live {
	struct publisher *publisher; /* NULL: there are no lcores */
	struct model *model;
	const struct directory *directory; /* the publisher's, when there is one; else ours */
};

/*
 * Exchanges both; what was before is released. Owner: takes both, unless it fails. Result: as publish_directory();
 * nothing has changed then.
 */
AMITY_CHECKED enum status provision_live_put(struct provision_live *live, const struct directory *directory,
					     struct model *model);

/* Likewise, of a model the one company at `index` (model_part_put()). */
AMITY_CHECKED enum status provision_live_put_company(struct provision_live *live, const struct directory *directory,
						     uint32_t index, struct model *part);

/* Publishes a copy of the keys. */
AMITY_CHECKED enum status provision_live_put_keys(struct provision_live *live, const struct secret_keys *keys);

#endif
