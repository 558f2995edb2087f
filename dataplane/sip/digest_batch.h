/*
 * digest_batch.h - the digests of a burst's credentials, verified side by side.
 *
 * MD5 of the usual length goes through the lanes of md5_lanes.h: first all H(method:uri) beside
 * what stands before it in the responses, then the rest of these. SHA-256
 * and texts that are too long are verified one by one (digest.h); what is right is the same for all.
 */
#ifndef AMITY_DIGEST_BATCH_H
#define AMITY_DIGEST_BATCH_H

#include "digest.h"

#define DIGEST_BATCH_MAX	32
#define DIGEST_BATCH_TEXT_BYTES 256 /* four blocks: usual answers take three */

struct digest_batch_item {
	const struct digest_secret *secret;
	const struct digest_credentials *credentials;
	struct span method;
	bool is_right;
};

struct digest_batch {
	uint32_t count;
	struct digest_batch_item item[DIGEST_BATCH_MAX];
	/* Of the digests that go side by side: method:uri, and what the response is of. */
	char a2[DIGEST_BATCH_MAX][DIGEST_BATCH_TEXT_BYTES];
	char text[DIGEST_BATCH_MAX][DIGEST_BATCH_TEXT_BYTES];
};

static inline void digest_batch_begin(struct digest_batch *batch)
{
	batch->count = 0;
}

/*
 * Adds what digest_verify() would be asked; all of it must live until digest_batch_verify(). At most DIGEST_BATCH_MAX.
 *
 * Result: the index of the item.
 */
static inline uint32_t digest_batch_add(struct digest_batch *batch, const struct digest_secret *secret,
					const struct digest_credentials *credentials, struct span method)
{
	batch->item[batch->count] = (struct digest_batch_item){secret, credentials, method, false};
	return batch->count++;
}

/*
 * Sets is_right of each item.
 *
 * Thread: the owner of the batch.   Cost: MD5 about 38 ns each when there are 32 (AVX-512), as digest_verify when
 * there is one; no allocation.
 */
void digest_batch_verify(struct digest_batch *batch);

#endif
