#include "kept_message.h"

#include <rte_mbuf.h>

#include "prefetch.h"

#define NEAR_SIZE 7 /* its bits */

static inline enum kept_size size_of(const struct rte_mbuf *mbuf)
{
	switch (mbuf->buf_len) {
	case KEPT_MESSAGE_LARGE_BYTES:
		return KEPT_LARGE;
	case KEPT_MESSAGE_MEDIUM_BYTES:
		return KEPT_MEDIUM;
	default:
		return KEPT_SMALL;
	}
}

enum kept_size kept_message_size_of_mbuf(const struct rte_mbuf *mbuf)
{
	return size_of(mbuf);
}

/* In pools of our own the buffer follows the mbuf; that of a port may be anywhere. */
static int32_t find_near(const struct rte_mbuf *mbuf, enum kept_size size)
{
	intptr_t distance = (intptr_t)mbuf->buf_addr - (intptr_t)mbuf;

	if ((distance & NEAR_SIZE) != 0 || distance < INT32_MIN || distance > INT32_MAX - NEAR_SIZE)
		return 0;
	return (int32_t)distance + (int32_t)size;
}

/* As rte_pktmbuf_free(); the usual one is given back without a look at its second cache line. */
static void give_back(struct rte_mbuf *mbuf)
{
	if (rte_mbuf_refcnt_read(mbuf) == 1 && RTE_MBUF_DIRECT(mbuf) && mbuf->nb_segs == 1)
		rte_mbuf_raw_free(mbuf);
	else
		rte_pktmbuf_free(mbuf);
}

enum kept_size kept_message_begin(struct kept_message *kept, struct rte_mbuf *mbuf, struct span text)
{
	const char *buffer = mbuf->buf_addr;
	enum kept_size size = size_of(mbuf);

	assert(text.at >= buffer && text.at + text.length <= buffer + mbuf->buf_len);
	*kept = (struct kept_message){.mbuf = mbuf,
				      .offset = (uint16_t)(text.at - buffer),
				      .length = (uint16_t)text.length,
				      .near = find_near(mbuf, size)};
	return size;
}

enum kept_size kept_message_end(struct kept_message *kept)
{
	struct rte_mbuf *mbuf = kept->mbuf;
	enum kept_size size = kept_message_size(kept);

	*kept = (struct kept_message){0};
	give_back(mbuf);
	return size;
}

struct span kept_message_text(const struct kept_message *kept)
{
	if (!kept->mbuf)
		return (struct span){0};
	const char *buffer =
		kept->near ? (const char *)kept->mbuf + (kept->near & ~NEAR_SIZE) : (const char *)kept->mbuf->buf_addr;
	return span_make(buffer + kept->offset, kept->length);
}

enum kept_size kept_message_size(const struct kept_message *kept)
{
	if (!kept->mbuf)
		return KEPT_SMALL;
	return kept->near ? (enum kept_size)(kept->near & NEAR_SIZE) : kept_message_size_of_mbuf(kept->mbuf);
}

void kept_message_prefetch(const struct kept_message *kept)
{
	if (!kept->mbuf)
		return;
	prefetch_line_to_write(kept->mbuf);
}
