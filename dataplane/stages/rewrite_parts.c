#include "rewrite_parts.h"

#include "address_parse.h"
#include "copy_bytes.h"
#include "credentials_parse.h"
#include "message_facts.h"
#include "via_stamp.h"

#define SIP_PORT_DEFAULT 5060

struct slice rewrite_parts_slice(const struct sip_message *message, struct span part)
{
	return (struct slice){(uint16_t)(part.at - message->bytes.at), (uint16_t)part.length};
}

void rewrite_parts_remove_line(struct edit_list *edits, const struct sip_message *message, uint8_t index)
{
	uint16_t start = message->header[index].start;
	struct slice line = {start, (uint16_t)(sip_message_header_end(message, index) - start)};
	edit_list_replace(edits, line, (struct span){0});
}

void rewrite_parts_remove_lines(struct edit_list *edits, const struct sip_message *message, uint8_t first)
{
	for (uint8_t i = first; i != SIP_HEADER_NONE; i = sip_message_next(message, i))
		rewrite_parts_remove_line(edits, message, i);
}

void rewrite_parts_remove_private(struct edit_list *edits, const struct sip_message *message)
{
	for (uint8_t i = 0; i < message->header_count; i++) {
		const struct sip_header *header = &message->header[i];
		const char *name = message->bytes.at + header->start;
		if (header->name == SIP_HEADER_P_CHARGE_INFO ||
		    (header->name == SIP_HEADER_OTHER && (name[0] | 0x20) == 'x' && name[1] == '-'))
			rewrite_parts_remove_line(edits, message, i);
	}
}

void rewrite_parts_remove_first_value(struct edit_list *edits, const struct sip_message *message, uint8_t index,
				      struct span rest)
{
	struct span value = sip_message_header_value(message, index);

	if (rest.length == 0) {
		rewrite_parts_remove_line(edits, message, index);
		return;
	}
	edit_list_replace(edits, rewrite_parts_slice(message, span_make(value.at, (size_t)(rest.at - value.at))),
			  (struct span){0});
}

void rewrite_parts_replace_address(struct edit_list *edits, const struct sip_message *message,
				   const struct sip_party *party, struct span text)
{
	if (party->address.length && !span_equals(sip_message_text(message, party->address), text))
		edit_list_replace(edits, party->address, text);
}

#define AROUND_BYTES_MAX 26

/* Copied whole, whatever of it is meant. */
struct around {
	char text[AROUND_BYTES_MAX];
	uint8_t length;
};

struct span rewrite_parts_address(struct edit_list *edits, enum rewrite_address kind, struct span user,
				  struct span host)
{
#define AROUND(text)                                                                                                   \
	{                                                                                                              \
		text, sizeof(text) - 1                                                                                 \
	}
	static const struct around before[] = {[ADDRESS_URI] = AROUND("sip:"),
					       [ADDRESS_IN_BRACKETS] = AROUND("<sip:"),
					       [ADDRESS_ASSERTED] = AROUND("P-Asserted-Identity: <sip:")};
	static const uint8_t behind_length[] = {0, 1, 3};
	char *at = edit_list_room(edits, (uint64_t)user.length + host.length + AROUND_BYTES_MAX + sizeof("@>\r\n"));

	if (!at)
		return (struct span){0};
	memcpy(at, before[kind].text, AROUND_BYTES_MAX);
	at += before[kind].length;
	copy_bytes(at, user.at, user.length);
	at += user.length;
	*at++ = '@';
	copy_bytes(at, host.at, host.length);
	at += host.length;
	memcpy(at, ">\r\n", 4);
	return edit_list_take_to(edits, at + behind_length[kind]);
}

/* Apart, so that what is usual stays short. */
static __attribute__((noinline)) void rewrite_parts_any_max_forwards(struct edit_list *edits,
								     const struct sip_message *message, uint32_t number)
{
	struct span value = sip_message_first(message, SIP_HEADER_MAX_FORWARDS);
	struct text_writer *writer = &edits->writer;

	if (value.length) {
		text_write_number(writer, number);
		edit_list_replace(edits, rewrite_parts_slice(message, value), edit_list_take(edits));
		return;
	}
	text_write_literal(writer, "Max-Forwards: ");
	text_write_number(writer, number);
	text_write_literal(writer, "\r\n");
	edit_list_insert(edits, rewrite_parts_top(message));
}

void rewrite_parts_max_forwards(struct edit_list *edits, const struct sip_message *message, uint8_t forward_count)
{
	uint8_t index = message->first[SIP_HEADER_MAX_FORWARDS];
	const struct sip_header *header = index == SIP_HEADER_NONE ? NULL : &message->header[index];
	bool is_there = header && header->value_length;
	uint32_t number = message->max_forwards - is_there - forward_count;

	/* 70 and one less, nearly always. */
	if (is_there && number >= 10 && number < 100)
		edit_list_replace(edits, (struct slice){header->value, header->value_length},
				  span_make(text_write_digit_pairs[number], 2));
	else
		rewrite_parts_any_max_forwards(edits, message, number);
}

uint16_t rewrite_parts_top(const struct sip_message *message)
{
	return message->header[message->first[SIP_HEADER_VIA]].start;
}

uint16_t rewrite_parts_above(const struct sip_message *message, enum sip_header_name name)
{
	uint16_t top = rewrite_parts_top(message);
	uint8_t first = message->first[name];

	/* Kamailio writes what it adds above its Via. */
	if (first != SIP_HEADER_NONE && message->header[first].start < top)
		top = message->header[first].start;
	return top;
}

/* The line of `own` around the branch, written at once: its place is wide enough for all that the line may be. */
static void write_via(struct text_writer *writer, const struct own_address *own, const struct branch_name *name)
{
	enum { ROOM = sizeof(own->via) + BRANCH_NAME_TEXT_BYTES + 2 };

	if (writer->capacity - writer->length < ROOM) {
		writer->overflowed = true;
		return;
	}
	char *at = writer->at + writer->length;
	memcpy(at, own->via, sizeof(own->via));
	at += own->via_length;
	branch_name_write(at, name);
	memcpy(at + BRANCH_NAME_TEXT_BYTES, "\r\n", 2);
	writer->length += own->via_length + BRANCH_NAME_TEXT_BYTES + 2;
}

void rewrite_parts_push_via(struct edit_list *edits, const struct packet *packet, const struct own_address *own)
{
	const struct sip_message *message = &packet->message;
	struct span received = sip_message_first(message, SIP_HEADER_VIA);

	write_via(&edits->writer, own, &packet->branch_name);
	edit_list_insert(edits, rewrite_parts_top(message));
	if (packet->via_stays || !via_stamp_is_needed(message, &packet->source))
		return;
	via_stamp_write(&edits->writer, message, &packet->source);
	edit_list_replace(edits, rewrite_parts_slice(message, received), edit_list_take(edits));
}

static bool holds(struct span whole, struct span part)
{
	return part.length && part.at >= whole.at && part.at + part.length <= whole.at + whole.length;
}

/* Are they for a company's domain, or none that anybody could read? Apart: those of a request are mostly known. */
static __attribute__((noinline)) bool is_for_company(const struct directory *directory, struct span value)
{
	struct digest_credentials credentials;

	return credentials_parse(&credentials, value) != CREDENTIALS_OK ||
	       company_find_by_domain(directory, credentials.realm);
}

static void remove_credentials(struct edit_list *edits, const struct sip_message *message,
			       const struct directory *directory, struct span known, enum sip_header_name name)
{
	for (uint8_t i = message->first[name]; i != SIP_HEADER_NONE; i = sip_message_next(message, i)) {
		struct span value = sip_message_header_value(message, i);
		if (holds(value, known) || is_for_company(directory, value))
			rewrite_parts_remove_line(edits, message, i);
	}
}

void rewrite_parts_remove_credentials(struct edit_list *edits, const struct sip_message *message,
				      const struct directory *directory, struct span known)
{
	remove_credentials(edits, message, directory, known, SIP_HEADER_AUTHORIZATION);
	remove_credentials(edits, message, directory, known, SIP_HEADER_PROXY_AUTHORIZATION);
}
