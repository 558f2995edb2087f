/*
 * via_stamp.h - what the receiver of a request notes in its topmost Via (RFC 3261 18.2.1, RFC 3581 4).
 */
#ifndef AMITY_VIA_STAMP_H
#define AMITY_VIA_STAMP_H

#include "net_address.h"
#include "sip_message.h"
#include "text_write.h"

/*
 * Writes the value of the topmost Via line with received= and rport= as seen. Only its first value is changed: values
 * behind a comma are of earlier hops. What the sender put there itself gives way to what we saw.
 *
 * Thread: any.
 */
void via_stamp_write(struct text_writer *writer, const struct sip_message *request, const struct net_address *source);

/* Is that value another one than was received? Else it can stay as it is, and says where the request came from, but for
 * the port. Result: true also for some that write alike. */
bool via_stamp_is_needed(const struct sip_message *request, const struct net_address *source);

#endif
