#include "friend_recipe.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address_text.h"
#include "codec.h"
#include "friend_view.h"
#include "json_text.h"
#include "router.h"

#define PORT_BYTES	   8
#define CODECS_MAX	   CODEC_COUNT /* a list names each once */
#define CODECS_BYTES_MAX   512
#define HOST_PATTERN_BYTES (2 * JSON_TEXT_ADDRESS_BYTES_MAX)
#define CONTACT_BYTES_MAX  300 /* a host name and a port */

/* All that the values of a recipe point to. */
struct materials {
	const struct friend_view *view;
	struct recipe recipe;
	struct net_address room[FRIEND_VIEW_ADDRESSES_MAX];
	char other[FRIEND_VIEW_ADDRESSES_MAX][JSON_TEXT_ADDRESS_BYTES_MAX];
	struct span other_item[FRIEND_VIEW_ADDRESSES_MAX];
	struct span scalar[RECIPE_VALUE_COUNT]; /* of values that are no lists */
	struct span codec[CODECS_MAX], nameless[CODECS_MAX];
	struct span *pattern; /* allocated */
	char address[JSON_TEXT_ADDRESS_BYTES_MAX];
	char host[JSON_TEXT_ADDRESS_BYTES_MAX];
	char host_pattern[HOST_PATTERN_BYTES];
	char port[PORT_BYTES];
	char router[JSON_TEXT_ADDRESS_BYTES_MAX]; /* address and port */
	char codecs[CODECS_BYTES_MAX];
	char contact[CONTACT_BYTES_MAX];
};

static void set_value(struct materials *materials, enum recipe_value value, struct span text)
{
	if (text.length == 0)
		return;
	materials->scalar[value] = text;
	materials->recipe.value[value] = (struct recipe_list){&materials->scalar[value], 1};
}

/* ---- addresses ---- */

static void set_host_pattern(struct materials *materials)
{
	char *to = materials->host_pattern;

	for (const char *at = materials->host; *at; at++) {
		if (*at == '.')
			*to++ = '\\';
		*to++ = *at;
	}
	*to = '\0';
}

static void set_address(struct materials *materials, const struct net_address *address)
{
	json_text_write_address(materials->address, address->ip, 0);
	json_text_write_address(materials->router, address->ip, address->port);
	json_text_write_ip(materials->host, address->ip);
	snprintf(materials->port, sizeof(materials->port), "%u", address->port);
	set_host_pattern(materials);
	set_value(materials, RECIPE_VALUE_address, span_of_text(materials->address));
	set_value(materials, RECIPE_VALUE_host, span_of_text(materials->host));
	set_value(materials, RECIPE_VALUE_host_pattern, span_of_text(materials->host_pattern));
	set_value(materials, RECIPE_VALUE_port, span_of_text(materials->port));
}

/* --address. Result: false with `why` filled. */
static bool read_address(struct net_address *address, const char *text, const struct wire *wire, uint16_t port,
			 char why[RECIPE_WHY_BYTES])
{
	char with_transport[JSON_TEXT_ADDRESS_BYTES_MAX + 8];
	struct net_address read = {0};
	/* An IPv6 address alone needs no brackets here. */
	bool is_bare_v6 = *text != '[' && strchr(text, ':') && strchr(strchr(text, ':') + 1, ':');

	snprintf(with_transport, sizeof(with_transport), is_bare_v6 ? "udp:[%.60s]" : "udp:%.60s", text);
	const char *wrong = address_text_parse(&read, span_of_text(with_transport));
	if (wrong) {
		snprintf(why, RECIPE_WHY_BYTES, "--address \"%.60s\": %s; it is IP, IP:PORT or [IPv6]:PORT", text,
			 wrong);
		return false;
	}
	const struct wire_interface *own = wire ? wire_find_own(wire, read.ip) : NULL;
	bool has_port = !is_bare_v6 && strrchr(text, ':') > strrchr(text, ']') && strrchr(text, ':');
	if (!has_port)
		read.port = own ? own->sip_port : port;
	*address = read;
	return true;
}

/* Result: false with `why` filled. */
static bool choose_address(struct materials *materials, const char *wanted, char why[RECIPE_WHY_BYTES])
{
	struct friend_view_addresses addresses;
	bool found = friend_view_find_addresses(materials->view, &addresses, materials->room);

	if (wanted) {
		uint16_t port = found ? addresses.best.port : ADDRESS_TEXT_PORT_DEFAULT;
		if (!read_address(&addresses.best, wanted, materials->view->snapshot->wire, port, why))
			return false;
	} else if (!found) {
		snprintf(why, RECIPE_WHY_BYTES,
			 "the router has no address now: say with --address how the PBX reaches it");
		return false;
	}
	set_address(materials, &addresses.best);
	/* Who chose, or whose PBX is there already, need not be told of others. */
	for (uint32_t i = 0; !wanted && !addresses.is_known && i < addresses.other_count; i++) {
		const struct net_address *other = &addresses.other[i];
		materials->other_item[i] =
			span_of_text(json_text_write_address(materials->other[i], other->ip, other->port));
	}
	if (!wanted && !addresses.is_known)
		materials->recipe.value[RECIPE_VALUE_other] =
			(struct recipe_list){materials->other_item, addresses.other_count};
	return true;
}

/* Host and port of a contact: "sip:s@192.0.2.10:5060;x=y" -> "192.0.2.10:5060". */
static bool note_contact(void *argument, const struct registrar_listed *listed)
{
	struct materials *materials = argument;
	const char *end = listed->contact.at + listed->contact.length;
	const char *at = memrchr(listed->contact.at, '@', listed->contact.length);
	const char *colon = memchr(listed->contact.at, ':', listed->contact.length);

	at = at ? at + 1 : colon ? colon + 1 : listed->contact.at;
	size_t length = 0;
	while (at + length < end && (isalnum((unsigned char)at[length]) || strchr(".:[]-", at[length])))
		length++;
	if (length < sizeof(materials->contact))
		snprintf(materials->contact, sizeof(materials->contact), "%.*s", (int)length, at);
	return false;
}

static void set_contact(struct materials *materials)
{
	const struct friend_view *view = materials->view;

	friend_view_list_bindings(view, note_contact, materials);
	set_value(materials, RECIPE_VALUE_contact,
		  *materials->contact ? span_of_text(materials->contact) : model_span(&view->company->domain));
}

/* ---- the rest ---- */

static void set_codecs(struct materials *materials)
{
	const struct model_texts *codecs = &materials->view->friend->endpoint.codecs;
	uint32_t named = 0, nameless = 0;
	size_t length = 0;

	for (uint32_t i = 0; i < codecs->count && i < CODECS_MAX; i++) {
		struct span codec = model_span(&codecs->item[i]);
		enum codec known = codec_find(codec);
		struct span name = recipe_codec_name(materials->recipe.kind, codec);
		/* Not a codec to choose: it always stays (R25). */
		if (known < CODEC_ROW_COUNT && codec_rows[known].media == CODEC_MEDIA_EVENT)
			continue;
		if (name.length == 0) {
			materials->nameless[nameless++] = codec;
			continue;
		}
		if (length + name.length + 2 < sizeof(materials->codecs))
			length += (size_t)snprintf(materials->codecs + length, sizeof(materials->codecs) - length,
						   "%s" SPAN_FORMAT, named ? "," : "", SPAN_ARGUMENTS(name));
		materials->codec[named++] = name;
	}
	/* An empty list restricts nothing. */
	if (codecs->count == 0)
		materials->codec[named++] = SPAN_LITERAL("all");
	materials->recipe.value[RECIPE_VALUE_codec] = (struct recipe_list){materials->codec, named};
	materials->recipe.value[RECIPE_VALUE_nameless] = (struct recipe_list){materials->nameless, nameless};
	set_value(materials, RECIPE_VALUE_codecs, span_of_text(materials->codecs));
}

/* Result: false: memory ended. */
static bool set_patterns(struct materials *materials)
{
	const struct model_texts *patterns = &materials->view->friend->patterns;

	if (patterns->count == 0)
		return true;
	materials->pattern = calloc(patterns->count, sizeof(*materials->pattern));
	if (!materials->pattern)
		return false;
	for (uint32_t i = 0; i < patterns->count; i++)
		materials->pattern[i] = model_span(&patterns->item[i]);
	materials->recipe.value[RECIPE_VALUE_pattern] = (struct recipe_list){materials->pattern, patterns->count};
	return true;
}

static uint32_t facts_of(const struct endpoint *endpoint)
{
	return (endpoint->is_direct ? RECIPE_HOLDS(DIRECT) : RECIPE_HOLDS(REGISTERS)) |
	       (endpoint->auth == ENDPOINT_AUTH_SOURCE ? RECIPE_HOLDS(SOURCE) : RECIPE_HOLDS(DIGEST)) |
	       (endpoint->ddi_in ? RECIPE_HOLDS(DDI_IN) : RECIPE_HOLDS(NO_DDI_IN));
}

static json_t *make(struct materials *materials, const char *address, char why[RECIPE_WHY_BYTES])
{
	const struct friend_view *view = materials->view;
	struct recipe *recipe = &materials->recipe;

	recipe->facts = facts_of(view->endpoint);
	if (!choose_address(materials, address, why) || !set_patterns(materials))
		return NULL;
	set_codecs(materials);
	set_contact(materials);
	set_value(materials, RECIPE_VALUE_name, model_span(&view->friend->endpoint.name));
	set_value(materials, RECIPE_VALUE_company, model_span(&view->company->name));
	set_value(materials, RECIPE_VALUE_domain, model_span(&view->company->domain));
	set_value(materials, RECIPE_VALUE_password, model_span(&view->friend->endpoint.password));
	set_value(materials, RECIPE_VALUE_direct, friend_view_direct(view));
	set_value(materials, RECIPE_VALUE_ha1,
		  span_make(view->endpoint->secret.ha1_md5, sizeof(view->endpoint->secret.ha1_md5)));
	json_t *made = recipe_make(recipe, why);
	if (!made)
		return NULL;
	json_t *result = json_pack("{s:o, s:o, s:s, s:s}", "company", json_text_make(model_span(&view->company->name)),
				   "name", json_text_make(model_span(&view->friend->endpoint.name)), "for",
				   recipe_kind_name(recipe->kind), "address", materials->router);
	json_object_update(result, made);
	json_decref(made);
	return result;
}

json_t *friend_recipe_make(const struct friend_view *view, enum recipe_kind kind, const char *address,
			   char why[RECIPE_WHY_BYTES])
{
	struct materials *materials = calloc(1, sizeof(*materials));
	json_t *made = NULL;

	*why = '\0';
	if (materials) {
		materials->view = view;
		materials->recipe.kind = kind;
		made = make(materials, address, why);
		free(materials->pattern);
	}
	free(materials);
	return made;
}
