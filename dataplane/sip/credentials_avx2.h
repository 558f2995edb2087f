/*
 * credentials_avx2.h - the fields of usual credentials, 64 bytes a step, for credentials_parse.c: called only where the
 * CPU has AVX2 (scan_selected).
 */
#ifndef AMITY_CREDENTIALS_AVX2_H
#define AMITY_CREDENTIALS_AVX2_H

#include "credentials_parse.h"

#define CREDENTIALS_AVX2_BYTES 64

/*
 * All fields, when each of them begins as clients write it (credentials_field.h), a comma and at most one space between
 * them, and no comma stands in a value; those without quotes may have anything else in it. A value has no quotes and no
 * backslashes inside when there are none but the quotes that belong to the values.
 *
 * Thread: any.   Range: CREDENTIALS_AVX2_BYTES to UINT16_MAX bytes, the last of which is no comma.
 * Result: their CREDENTIALS_FIELD_BITs, or 0 when something else may be there; nothing that was taken counts then.
 */
uint32_t credentials_avx2_take(struct digest_credentials *credentials, struct span fields);

#endif
