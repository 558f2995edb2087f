/*
 * company_size.h - how much memory the tables of a company take (company_build.h): one chunk, so that a company is
 * contiguous.
 *
 * Thread: any.
 */
#ifndef AMITY_COMPANY_SIZE_H
#define AMITY_COMPANY_SIZE_H

#include "model.h"

/* An upper bound: what is left of the chunk is the price of one block. */
size_t company_size_bytes(const struct model_company *model);

#endif
