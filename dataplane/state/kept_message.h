/*
 * kept_message.h - a SIP message that outlives its burst, in the mbuf that it came in or was written into; what is
 * larger than a frame in a copy as small as it can be (dataplane/stages/message_hold.h).
 *
 * By position in the mbuf's buffer: headers that are put in front of it do not move it. Where the buffer is and of
 * which size is known without the mbuf, which is in no cache when the message is looked at again.
 */
#ifndef AMITY_KEPT_MESSAGE_H
#define AMITY_KEPT_MESSAGE_H

#include "span.h"

/* The buffers of messages that no frame holds, by their length; those of frames have no such length. */
#define KEPT_MESSAGE_MEDIUM_BYTES 8192
#define KEPT_MESSAGE_LARGE_BYTES  UINT16_MAX

enum kept_size {
	KEPT_SMALL, /* a frame's buffer */
	KEPT_MEDIUM,
	KEPT_LARGE,
	KEPT_SIZE_COUNT
};

struct rte_mbuf;

struct kept_message {
	struct rte_mbuf *mbuf; /* one reference is ours; NULL: none */
	uint16_t offset;       /* from mbuf->buf_addr */
	uint16_t length;
	int32_t near; /* from the mbuf to its buffer, a multiple of 8, + enum kept_size; 0: too far, ask the mbuf */
};

/*
 * Keeps a message where none is: one reference of `mbuf` becomes ours. `text` is inside the mbuf's buffer.
 *
 * Thread: the owner of the mbufs. Result: of the buffer that it is in.
 */
enum kept_size kept_message_begin(struct kept_message *kept, struct rte_mbuf *mbuf, struct span text);

/* Gives back what is kept there, which there is. Likewise. */
enum kept_size kept_message_end(struct kept_message *kept);

/* Length 0: none. */
struct span kept_message_text(const struct kept_message *kept);

/* Of the buffer that it is in; KEPT_SMALL: none is kept. */
enum kept_size kept_message_size(const struct kept_message *kept);
enum kept_size kept_message_size_of_mbuf(const struct rte_mbuf *mbuf);

/* Asks for what giving it back will touch. */
void kept_message_prefetch(const struct kept_message *kept);

#endif
