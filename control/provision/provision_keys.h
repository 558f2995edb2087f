/*
 * provision_keys.h - the keys of a router in its provisioning database: made at the first start, and then the same for
 * ever, so that nonces and dialogs outlive the process.
 *
 * Thread: one at a time.
 */
#ifndef AMITY_PROVISION_KEYS_H
#define AMITY_PROVISION_KEYS_H

#include "database.h"
#include "secret_keys.h"
#include "status.h"

/* Result: STATUS_STORE: they cannot be read or stored, or some are missing. *keys only with STATUS_OK. */
AMITY_CHECKED enum status provision_keys_load(struct secret_keys *keys, struct database *database,
					      struct problem_list *problems);

#endif
