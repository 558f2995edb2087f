/*
 * directory.h - everything that provisioning says, as the lcores see it: the root of companies, carriers and DDIs.
 *
 * Immutable. A change builds a new root and new blocks for what changed; unchanged blocks are shared with the old root
 * (DESIGN.md 5.1). Built by control/build/directory_build.c; swapped as a part of struct snapshot by
 * control/bridge/publish.c only.
 */
#ifndef AMITY_DIRECTORY_H
#define AMITY_DIRECTORY_H

#include "carrier.h"
#include "company.h"

struct ddi_owner {
	uint32_t company; /* index into directory->company */
	uint32_t ddi;	  /* index into company->ddi */
};

#define DIRECT_COMPANY_MANY UINT32_MAX

/* Sorted by ip: companies that have a direct friend at this address (R1.2). */
struct direct_source {
	uint8_t ip[16];
	uint32_t company; /* index, or DIRECT_COMPANY_MANY */
};

struct directory {
	uint64_t revision;
	const struct company *const *company;
	const struct carrier *carrier;
	const struct carrier_source *carrier_source;
	const struct direct_source *direct_source;
	const struct ddi_owner *ddi_owner;
	uint32_t company_count, carrier_count, carrier_source_count, direct_source_count, ddi_count;
	struct name_table company_by_domain; /* folded; value: index of company */
	struct name_table ddi_by_number;     /* value: index of ddi_owner */
	struct pattern_set carrier_patterns; /* order: carrier priority, name; owner: index of carrier; no pattern given
						= `.*`-like row */
};

#endif
