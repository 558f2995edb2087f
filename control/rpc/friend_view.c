#include "friend_view.h"

#include <stdio.h>

#include "caller_identify.h"
#include "command.h"
#include "publish.h"
#include "router.h"
#include "rpc.h"

#define NAMES_BYTES_MAX	 160 /* of the companies that an error names */
#define TRANSPORT_PREFIX "udp:"

static const struct model_friend *friend_named(const struct model_company *company, struct span name)
{
	for (uint32_t i = 0; i < company->friends.count; i++)
		if (span_equals(model_span(&model_friends(company)[i].endpoint.name), name))
			return &model_friends(company)[i];
	return NULL;
}

/* "acme, globex and 3 more" */
struct name_list {
	char text[NAMES_BYTES_MAX];
	size_t length;
	uint32_t named, left_out;
};

static void add_name(struct name_list *names, const struct model_text *name)
{
	size_t room = sizeof(names->text) - names->length, needed = name->length + 2;

	if (names->left_out || needed >= room) {
		names->left_out++;
		return;
	}
	names->length +=
		(size_t)snprintf(names->text + names->length, room, "%s%s", names->named ? ", " : "", name->text);
	names->named++;
}

static void refuse_several(struct rpc_call *call, const char *name, const struct name_list *names)
{
	char more[32] = "";

	if (names->left_out)
		snprintf(more, sizeof(more), " and %u more", names->left_out);
	rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL,
			"%u companies have a friend \"%.65s\": say --company, one of %s%s",
			names->named + names->left_out, name, names->text, more);
}

bool friend_view_open(struct friend_view *view, struct rpc_call *call, const struct router *router, const char *name)
{
	const struct model_company *company;
	struct name_list names = {0};
	uint32_t count;

	*view = (struct friend_view){.router = router, .snapshot = publish_current(router->publisher)};
	if (!command_choose_companies(call, router, &company, &count))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		const struct model_friend *friend = friend_named(&company[i], span_of_text(name));
		if (!friend)
			continue;
		add_name(&names, &company[i].name);
		view->company = &company[i];
		view->friend = friend;
	}
	if (names.named + names.left_out > 1) {
		refuse_several(call, name, &names);
		return false;
	}
	if (view->friend) {
		view->live = company_find_by_domain(view->snapshot->directory, model_span(&view->company->domain));
		view->endpoint = view->live ? endpoint_find(view->live, span_of_text(name)) : NULL;
	}
	if (!view->endpoint)
		rpc_call_refuse(call, CTL_ERROR_NOT_FOUND, NULL,
				"there is no friend \"%.65s\"%s: `amityctl friends` lists all", name,
				rpc_call_text(call, "company") ? " in that company" : "");
	return view->endpoint != NULL;
}

/* ---- bindings ---- */

void friend_view_list_bindings(const struct friend_view *view,
			       bool (*visit)(void *argument, const struct registrar_listed *listed), void *argument)
{
	registrar_list_of(view->router->registrar, view->endpoint->aor_key, visit, argument);
}

/* ---- addresses ---- */

static bool note_local(void *argument, const struct registrar_listed *listed)
{
	struct friend_view_addresses *addresses = argument;

	addresses->best = listed->local;
	addresses->is_known = true;
	return false;
}

/* Where the friend is reached from now. */
static void find_best(const struct friend_view *view, struct friend_view_addresses *addresses)
{
	const struct wire *wire = view->snapshot->wire;
	struct wire_hop hop;

	if (!view->endpoint->is_direct) {
		friend_view_list_bindings(view, note_local, addresses);
	} else if (wire && wire_find_hop(&hop, wire, view->endpoint->direct.ip) != WIRE_NO_ROUTE) {
		memcpy(addresses->best.ip, hop.source, sizeof(hop.source));
		addresses->best.port = hop.interface->sip_port;
		addresses->is_known = true;
	}
}

/* fe80::/10 is good for one link, and no URI says which. */
static bool is_link_local(const uint8_t ip[16])
{
	return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

bool friend_view_find_addresses(const struct friend_view *view, struct friend_view_addresses *addresses,
				struct net_address *room)
{
	const struct wire *wire = view->snapshot->wire;
	bool is_best_there = false;

	*addresses = (struct friend_view_addresses){.other = room};
	find_best(view, addresses);
	for (uint32_t i = 0; wire && i < wire->interface_count; i++) {
		const struct wire_interface *interface = &wire->interface[i];
		for (uint32_t k = 0; k < interface->address_count; k++) {
			struct net_address address = {.port = interface->sip_port};
			memcpy(address.ip, interface->address[k], sizeof(address.ip));
			if (is_link_local(address.ip))
				continue;
			if (!addresses->is_known && !is_best_there)
				addresses->best = address;
			if (net_address_same_ip(&address, &addresses->best)) {
				addresses->best.port = address.port;
				is_best_there = true;
			} else {
				room[addresses->other_count++] = address;
			}
		}
	}
	return addresses->is_known || is_best_there;
}

struct span friend_view_direct(const struct friend_view *view)
{
	struct span direct = model_span(&view->friend->direct);
	struct span transport = SPAN_LITERAL(TRANSPORT_PREFIX);

	return span_starts_with(direct, transport) ? span_skip(direct, transport.length) : direct;
}
