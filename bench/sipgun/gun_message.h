/*
 * gun_message.h - the messages that sipgun sends: requests of the calling side from templates, answers of the called
 * side from the lines of the request.
 */
#ifndef AMITY_GUN_MESSAGE_H
#define AMITY_GUN_MESSAGE_H

#include "gun_options.h"
#include "gun_read.h"
#include "gun_template.h"

enum gun_message_name {
	GUN_MESSAGE_INVITE,
	GUN_MESSAGE_ACK_FAILURE,
	GUN_MESSAGE_ACK,
	GUN_MESSAGE_BYE,
	GUN_MESSAGE_REINVITE,
	GUN_MESSAGE_IN_DIALOG, /* INFO, OPTIONS */
	GUN_MESSAGE_REGISTER,
	GUN_MESSAGE_OPTIONS,
	GUN_MESSAGE_CREDENTIALS, /* a header line */
	GUN_MESSAGE_COUNT
};

enum gun_answer_name { GUN_ANSWER_180, GUN_ANSWER_200_INVITE, GUN_ANSWER_200, GUN_ANSWER_COUNT };

#define GUN_ANSWER_BYTES_MAX 512

/* What of an answer is the same in all of them. */
struct gun_answer {
	struct span start_line;
	struct span rest; /* from Contact on, with the empty line and the body */
	char text[GUN_ANSWER_BYTES_MAX];
};

struct gun_messages {
	struct gun_template request[GUN_MESSAGE_COUNT];
	struct gun_answer answer[GUN_ANSWER_COUNT];
	char run[8];
};

/* Result: false when a template is wrong, our own mistake. */
bool gun_message_init(struct gun_messages *messages, const struct gun_options *options, uint32_t run);

/*
 * Writes an answer to `request`: its Via, Record-Route, From, To, Call-ID and CSeq lines as they came, `to_tag` where
 * To has none. Result: its length; 0: no room.
 */
uint32_t gun_message_answer(char *room, uint32_t room_bytes, const struct gun_message *request,
			    const struct gun_answer *answer, struct span to_tag);

#endif
