#include "gun_dialog.h"

struct room {
	char *at;
	uint32_t used;
	bool is_short;
};

static uint16_t put(struct room *room, struct span text)
{
	if (text.length > GUN_CALL_DIALOG_BYTES - room->used) {
		room->is_short = true;
		return 0;
	}
	if (text.length > 0)
		memcpy(room->at + room->used, text.at, text.length);
	room->used += text.length;
	return (uint16_t)text.length;
}

/* Takes the first value of a list: commas between < and > or quotes do not end it. */
static struct span take_value(struct span *list)
{
	bool is_quoted = false, is_uri = false;
	uint32_t end = 0;

	for (; end < list->length; end++) {
		char byte = list->at[end];
		if (byte == '"')
			is_quoted = !is_quoted;
		else if (!is_quoted && (byte == '<' || byte == '>'))
			is_uri = byte == '<';
		else if (byte == ',' && !is_quoted && !is_uri)
			break;
	}
	struct span value = span_trim(span_make(list->at, end));
	*list = span_skip(*list, end + 1);
	return value;
}

static uint32_t find_routes(struct span routes[GUN_DIALOG_ROUTES_MAX], const struct gun_message *answer)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < answer->line_count; i++) {
		if (answer->line[i].name != SIP_HEADER_RECORD_ROUTE)
			continue;
		struct span list = gun_read_line_value(answer, &answer->line[i]);
		while (list.length > 0 && count < GUN_DIALOG_ROUTES_MAX)
			routes[count++] = take_value(&list);
		if (list.length > 0)
			return GUN_DIALOG_ROUTES_MAX + 1;
	}
	return count;
}

/* In reverse order (RFC 3261 12.1.2). */
static uint16_t put_routes(struct room *room, const struct gun_message *answer)
{
	struct span routes[GUN_DIALOG_ROUTES_MAX];
	uint32_t count = find_routes(routes, answer), start = room->used;

	if (count > GUN_DIALOG_ROUTES_MAX)
		room->is_short = true;
	else if (count > 0)
		put(room, SPAN_LITERAL("Route: "));
	for (uint32_t i = count; i-- > 0 && !room->is_short;) {
		put(room, routes[i]);
		put(room, i > 0 ? SPAN_LITERAL(",") : SPAN_LITERAL("\r\n"));
	}
	return (uint16_t)(room->used - start);
}

bool gun_dialog_take(struct gun_call *call, char dialog[GUN_CALL_DIALOG_BYTES], const struct gun_message *answer,
		     struct span target)
{
	struct room room = {.at = dialog};
	struct span contact = gun_read_uri(gun_read_value(answer, SIP_HEADER_CONTACT));

	call->target_bytes = put(&room, contact.length > 0 ? contact : target);
	call->tag_bytes = put(&room, gun_read_tag(gun_read_value(answer, SIP_HEADER_TO)));
	call->route_bytes = put_routes(&room, answer);
	return !room.is_short;
}
