#include "friend_show.h"

#include <stdlib.h>
#include <time.h>

#include "command.h"
#include "failure_guard.h"
#include "friend_view.h"
#include "json_memory.h"
#include "json_text.h"
#include "router.h"

static json_t *address_json(const uint8_t ip[16], uint16_t port)
{
	char text[JSON_TEXT_ADDRESS_BYTES_MAX];
	return json_string(json_text_write_address(text, ip, port));
}

/* ---- forwards ---- */

static const char *const forward_when[] = {[FORWARD_ALWAYS] = "always",
					   [FORWARD_UNREGISTERED] = "unregistered",
					   [FORWARD_BUSY] = "busy",
					   [FORWARD_NO_ANSWER] = "no_answer"};
static const char *const forward_calls[] = {
	[FORWARD_CALLS_BOTH] = "both", [FORWARD_CALLS_INTERNAL] = "internal", [FORWARD_CALLS_EXTERNAL] = "external"};

json_t *friend_show_forwards(const struct model_friend *friend)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < friend->forwards.count; i++) {
		const struct model_forward *forward = &model_forwards(friend)[i];
		json_t *after =
			forward->when.value == FORWARD_NO_ANSWER ? json_integer(forward->after_s.value) : json_null();
		json_array_append_new(list,
				      json_pack("{s:s, s:o, s:s, s:o, s:o}", "when", forward_when[forward->when.value],
						"after_s", after, "calls", forward_calls[forward->calls.value],
						"extension", command_text(&forward->to.extension), "number",
						command_text(&forward->to.number)));
	}
	return list;
}

/* ---- bindings and bans ---- */

struct listing {
	json_t *list;
	int64_t now_s;
	const struct friend_view *view;
};

static bool add_binding(void *argument, const struct registrar_listed *listed)
{
	struct listing *listing = argument;

	json_array_append_new(listing->list, json_pack("{s:o, s:o, s:o, s:b, s:I, s:I, s:i, s:f, s:o, s:o}", "contact",
						       json_text_make(listed->contact), "received",
						       address_json(listed->received.ip, listed->received.port),
						       "local", address_json(listed->local.ip, listed->local.port),
						       "behind_nat", listed->behind_nat, "expires_s",
						       (json_int_t)(listed->expires_unix_s - listing->now_s),
						       "seen_s_ago", (json_int_t)(listing->now_s - listed->seen_unix_s),
						       "pings_unanswered", (int)listed->pings_unanswered, "q",
						       listed->q / 1000.0, "path", json_text_or_null(listed->path),
						       "user_agent", json_text_or_null(listed->user_agent)));
	return true;
}

static json_t *bindings_json(const struct friend_view *view)
{
	struct listing listing = {.list = json_array(), .now_s = (int64_t)time(NULL)};
	friend_view_list_bindings(view, add_binding, &listing);
	return listing.list;
}

static bool add_ban(void *argument, const struct guard_ban *ban)
{
	struct listing *listing = argument;

	if (memcmp(ban->key.aor_key, listing->view->endpoint->aor_key, AOR_KEY_BYTES) == 0)
		json_array_append_new(listing->list,
				      json_pack("{s:o, s:i, s:i}", "address", address_json(ban->key.ip, 0),
						"remaining_s", (int)ban->remaining_s, "times", (int)ban->times));
	return true;
}

static json_t *bans_json(const struct friend_view *view)
{
	struct listing listing = {.list = json_array(), .view = view};
	failure_guard_list(view->router->guard, failure_guard_now(), add_ban, &listing);
	return listing.list;
}

/* Direct friends are not asked whether they are there. */
static const char *state_of(const struct friend_view *view, const json_t *bindings)
{
	size_t i;
	const json_t *binding;

	if (view->endpoint->is_direct)
		return "direct";
	if (json_array_size(bindings) == 0)
		return "not registered";
	json_array_foreach(bindings, i, binding)
	{
		if (json_integer_value(json_object_get(binding, "pings_unanswered")) == 0)
			return "registered";
	}
	return "registered, pings unanswered";
}

/* ---- numbers and codecs ---- */

static void add_example(json_t *list, struct span e164, const struct dial_plan *plan)
{
	struct number dialled;

	if (e164.length && number_from_e164(&dialled, e164, plan))
		json_array_append_new(list, json_pack("{s:o, s:o}", "e164", json_text_make(e164), "dialled",
						      json_text_make(number_text(&dialled))));
}

/* How numbers look to the PBX: one of the company, one of another country (reserved for examples by Ofcom and Arcep).
 */
static json_t *examples_json(const struct endpoint *endpoint)
{
	const struct country *country = endpoint->dial_plan.country;
	bool is_british = country && strcmp(country->code, "GB") == 0;
	json_t *list = json_array();

	add_example(list, endpoint->presented_ddi, &endpoint->dial_plan);
	add_example(list, is_british ? SPAN_LITERAL("+33199000000") : SPAN_LITERAL("+442079460000"),
		    &endpoint->dial_plan);
	return list;
}

/* ---- what to type into the PBX ---- */

/* Where the router is for the PBX: as proxies, and as sources of its calls, without the port. */
struct router_places {
	json_t *proxies, *sources;
};

static void add_place(struct router_places *places, const struct net_address *address)
{
	json_array_append_new(places->proxies, address_json(address->ip, address->port));
	json_array_append_new(places->sources, address_json(address->ip, 0));
}

/* The address that is certain, else all of them, the likeliest first. */
static struct router_places find_places(const struct friend_view *view)
{
	struct friend_view_addresses addresses;
	struct net_address *room = calloc(FRIEND_VIEW_ADDRESSES_MAX, sizeof(*room));
	struct router_places places = {json_array(), json_array()};

	if (!room)
		json_memory_note_shortage();
	if (room && friend_view_find_addresses(view, &addresses, room)) {
		add_place(&places, &addresses.best);
		for (uint32_t i = 0; !addresses.is_known && i < addresses.other_count; i++)
			add_place(&places, &addresses.other[i]);
	}
	free(room);
	return places;
}

static json_t *pbx_json(const struct friend_view *view, bool with_secrets)
{
	const struct endpoint *endpoint = view->endpoint;
	bool has_password = endpoint->auth == ENDPOINT_AUTH_DIGEST;
	struct span name = has_password ? endpoint->name : (struct span){0};
	struct router_places places = find_places(view);

	return json_pack("{s:b, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "registers",
			 !endpoint->is_direct, "domain", json_text_make(view->live->domain), "proxies", places.proxies,
			 "transport", "udp", "user", json_text_make(endpoint->name), "auth_user",
			 json_text_or_null(name), "realm",
			 has_password ? json_text_make(view->live->domain) : json_null(), "password",
			 has_password && with_secrets ? command_text(&view->friend->endpoint.password) : json_null(),
			 "called_at", json_text_or_null(friend_view_direct(view)), "number_arrives_in",
			 endpoint->ddi_in ? "Request-URI and To" : "neither Request-URI nor To", "calls_come_from",
			 places.sources, "codecs", command_texts(&view->friend->endpoint.codecs));
}

/* ---- all of it ---- */

static json_t *limits_json(const struct friend_view *view, const struct friend_show_calls *calls)
{
	return json_pack("{s:I, s:o, s:o, s:I}", "max_calls", (json_int_t)view->endpoint->max_calls, "calls_to_it",
			 calls->is_known ? json_integer(calls->to_it) : json_null(), "calls_from_it",
			 calls->is_known ? json_integer(calls->from_it) : json_null(), "max_cps",
			 (json_int_t)view->endpoint->max_cps);
}

static json_t *how_json(const struct friend_view *view)
{
	const struct endpoint *endpoint = view->endpoint;
	const struct country *country = endpoint->dial_plan.country;

	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:b}", "country",
		country ? json_string(country->code) : json_null(), "area_code",
		json_text_or_null(endpoint->dial_plan.area_code), "examples", examples_json(endpoint), "fallback_ddi",
		command_text(&view->friend->fallback_ddi), "presented_ddi", json_text_or_null(endpoint->presented_ddi),
		"call_acl", command_text(&view->friend->endpoint.call_acl), "from_user",
		json_text_or_null(endpoint->from_user), "from_domain", json_text_or_null(endpoint->from_domain),
		"ruri_domain", json_text_or_null(endpoint->ruri_domain), "ddi_in", endpoint->ddi_in, "always_transform",
		endpoint->always_transform, "multi_contact", endpoint->multi_contact);
}

json_t *friend_show_make(const struct friend_view *view, const struct friend_show_calls *calls, bool with_secrets)
{
	const struct model_friend *friend = view->friend;
	bool is_source = view->endpoint->auth == ENDPOINT_AUTH_SOURCE;
	json_t *bindings = bindings_json(view), *how = how_json(view);
	json_t *result = json_pack(
		"{s:o, s:o, s:o, s:o, s:I, s:s, s:o, s:o, s:s, s:o}", "company", command_text(&view->company->name),
		"domain", command_text(&view->company->domain), "name", command_text(&friend->endpoint.name),
		"description", command_text(&friend->description), "priority", (json_int_t) friend->priority.value,
		"auth", is_source ? "source" : "digest", "patterns", command_texts(&friend->patterns), "direct",
		command_text(&friend->direct), "state", state_of(view, bindings), "bindings", bindings);
	json_object_update(result, how);
	json_decref(how);
	json_object_set_new(result, "codecs", command_texts(&friend->endpoint.codecs));
	json_object_set_new(result, "limits", limits_json(view, calls));
	json_object_set_new(result, "forwards", friend_show_forwards(friend));
	json_object_set_new(result, "bans", bans_json(view));
	json_object_set_new(result, "pbx", pbx_json(view, with_secrets));
	return result;
}
