#include "kept_message.h"

#include <rte_mbuf.h>

#define NEAR_LARGE 1

static bool is_large(const struct rte_mbuf *mbuf)
{
	return mbuf->buf_len >= KEPT_MESSAGE_LARGE_BYTES;
}

/* In pools of our own the buffer follows the mbuf; that of a port may be anywhere. */
static int32_t find_near(const struct rte_mbuf *mbuf)
{
	intptr_t distance = (intptr_t)mbuf->buf_addr - (intptr_t)mbuf;

	if (distance % 8 != 0 || distance < INT32_MIN || distance > INT32_MAX - NEAR_LARGE)
		return 0;
	return (int32_t)distance + (is_large(mbuf) ? NEAR_LARGE : 0);
}

int kept_message_replace(struct kept_message *kept, struct rte_mbuf *mbuf, struct span text)
{
	struct rte_mbuf *before = kept->mbuf;

	*kept = (struct kept_message){0};
	if (mbuf) {
		const char *buffer = mbuf->buf_addr;
		assert(text.at >= buffer && text.at + text.length <= buffer + mbuf->buf_len);
		*kept = (struct kept_message){.mbuf = mbuf,
					      .offset = (uint16_t)(text.at - buffer),
					      .length = (uint16_t)text.length,
					      .near = find_near(mbuf)};
	}
	if (before)
		rte_pktmbuf_free(before);
	return (mbuf != NULL) - (before != NULL);
}

struct span kept_message_text(const struct kept_message *kept)
{
	if (!kept->mbuf)
		return (struct span){0};
	const char *buffer =
		kept->near ? (const char *)kept->mbuf + (kept->near & ~NEAR_LARGE) : (const char *)kept->mbuf->buf_addr;
	return span_make(buffer + kept->offset, kept->length);
}

bool kept_message_is_large(const struct kept_message *kept)
{
	if (!kept->mbuf)
		return false;
	return kept->near ? kept->near & NEAR_LARGE : is_large(kept->mbuf);
}

void kept_message_prefetch(const struct kept_message *kept)
{
	if (!kept->mbuf)
		return;
	__builtin_prefetch(kept->mbuf, 1);
	__builtin_prefetch((const char *)kept->mbuf + RTE_CACHE_LINE_SIZE, 1);
}
