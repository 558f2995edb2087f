/*
 * message_stub.h - a struct sip_message from a well-formed text, for tests of what works on parsed messages. It knows
 * the headers of responses only, takes no folds and no compact forms but `v`, and trusts its input.
 */
#ifndef AMITY_MESSAGE_STUB_H
#define AMITY_MESSAGE_STUB_H

#include "sip_message.h"

void message_stub_fill(struct sip_message *message, struct span bytes);

#endif
