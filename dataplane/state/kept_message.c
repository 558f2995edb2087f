#include "kept_message.h"

#include <rte_mbuf.h>

int kept_message_replace(struct kept_message *kept, struct rte_mbuf *mbuf, struct span text)
{
	struct rte_mbuf *before = kept->mbuf;

	*kept = (struct kept_message){0};
	if (mbuf) {
		const char *buffer = mbuf->buf_addr;
		assert(text.at >= buffer && text.at + text.length <= buffer + mbuf->buf_len);
		*kept = (struct kept_message){
			.mbuf = mbuf, .offset = (uint16_t)(text.at - buffer), .length = (uint16_t)text.length};
	}
	if (before)
		rte_pktmbuf_free(before);
	return (mbuf != NULL) - (before != NULL);
}

struct span kept_message_text(const struct kept_message *kept)
{
	if (!kept->mbuf)
		return (struct span){0};
	return span_make((const char *)kept->mbuf->buf_addr + kept->offset, kept->length);
}
