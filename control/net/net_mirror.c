#include "net_mirror.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "kernel_socket.h"
#include "kernel_view.h"
#include "reservation.h"
#include "wire_assemble.h"
#include "wire_build.h"

/* Events come in bursts: a link that goes down takes its routes and neighbours along. */
#define COALESCE_US 10000
#define RETRY_S	    1

/* A third of the kernel's shortest reachable time (15 s), so that a neighbour in use is never unverified for long. */
#define FRESHEN_S 5

#define EVENT_BYTES	   (64 * 1024)
#define EVENT_SOCKET_BYTES (1 << 20)
#define REPORT_BYTES	   256

struct net_mirror {
	struct net_mirror_interface *configured;
	struct net_peer *peers; /* of all interfaces: copies */
	struct wire_interface *interface;
	enum net_mirror_link *link;
	uint32_t interface_count;
	net_mirror_publish_fn publish;
	net_mirror_report_fn report;
	net_mirror_link_fn link_changed;
	net_mirror_receive_fn receive;
	void *argument;

	struct mnl_socket *events;
	char event_bytes[EVENT_BYTES]; /* not taken when there is something to read: without memory it would be asked
					  for again and again */
	struct event *readable, *update_timer, *freshen_timer;
	unsigned int stale_kinds; /* bits of kernel_view_kind */
	struct kernel_view view;
	struct reservation_list reservations;
	const struct wire *published; /* the publisher's, which keeps it until the next one */
};

static const uint8_t no_address[16];

static void report(const struct net_mirror *mirror, const char *text)
{
	if (mirror->report != NULL)
		mirror->report(mirror->argument, text);
}

static bool is_resolved(const struct kernel_view *view, uint32_t link_index, const uint8_t ip[16])
{
	const struct netlink_neighbour *known = kernel_view_find_neighbour(view, link_index, ip);

	return known != NULL && known->usable;
}

/* Asks the kernel for the gateways that it does not know, and to verify neighbours that went stale: it does not see our
 * packets. */
static void freshen_neighbours(const struct net_mirror *mirror)
{
	const struct kernel_view *view = &mirror->view;
	uint32_t link_index[WIRE_INTERFACES_MAX];

	for (uint32_t i = 0; i < mirror->interface_count; i++)
		link_index[i] = wire_assemble_link_index(&mirror->configured[i], view);
	for (uint32_t i = 0; i < mirror->published->route_count; i++) {
		const struct wire_route *route = &mirror->published->route[i];
		if (route->interface < mirror->interface_count && link_index[route->interface] != 0 &&
		    memcmp(route->gateway, no_address, 16) != 0 &&
		    !is_resolved(view, link_index[route->interface], route->gateway))
			kernel_view_use_neighbour(link_index[route->interface], route->gateway);
	}
	for (uint32_t i = 0; i < view->neighbour_count; i++)
		for (uint32_t ours = 0; ours < mirror->interface_count && view->neighbour[i].state == NUD_STALE; ours++)
			if (link_index[ours] == view->neighbour[i].link_index)
				kernel_view_use_neighbour(link_index[ours], view->neighbour[i].ip);
}

/* Reserves the port on every address; an address whose port is taken is not ours. Result: of the last address that
 * failed. */
static enum status reserve_ports(struct net_mirror *mirror, struct wire_interface *interface,
				 const struct net_mirror_interface *configured, char *error, size_t error_bytes)
{
	struct reservation_wish wish = {
		.local = {.port = configured->sip_port, .transport = TRANSPORT_UDP},
		.link_index = wire_assemble_link_index(configured, &mirror->view),
	};
	enum status worst = STATUS_OK;
	uint8_t kept = 0;

	for (uint8_t i = 0; i < interface->address_count; i++) {
		memcpy(wish.local.ip, interface->address[i], 16);
		enum status status = reservation_keep(&mirror->reservations, &wish, error, error_bytes);
		if (status == STATUS_OK)
			memmove(interface->address[kept++], wish.local.ip, 16);
		else
			worst = status;
	}
	memset(interface->address[kept], 0, (size_t)(WIRE_ADDRESSES_MAX - kept) * 16);
	interface->address_count = kept;
	return worst;
}

static enum status refresh_interfaces(struct net_mirror *mirror, char *error, size_t error_bytes)
{
	enum status worst = STATUS_OK;

	reservation_begin(&mirror->reservations);
	for (uint32_t i = 0; i < mirror->interface_count; i++) {
		wire_assemble_interface(&mirror->interface[i], &mirror->configured[i], &mirror->view);
		if (!mirror->configured[i].kernel)
			continue;
		enum status status =
			reserve_ports(mirror, &mirror->interface[i], &mirror->configured[i], error, error_bytes);
		if (status != STATUS_OK)
			worst = status;
	}
	reservation_end(&mirror->reservations);
	return worst;
}

static enum status publish_if_changed(struct net_mirror *mirror)
{
	struct wire *wire = wire_assemble_create(&(struct wire_assemble_input){
		.configured = mirror->configured,
		.interface = mirror->interface,
		.interface_count = mirror->interface_count,
		.view = &mirror->view,
	});

	if (wire == NULL)
		return STATUS_NO_MEMORY;
	if (mirror->published != NULL && wire_build_equals(mirror->published, wire)) {
		wire_build_free(wire);
		return STATUS_OK;
	}
	enum status status = mirror->publish(mirror->argument, wire);
	if (status != STATUS_OK) {
		wire_build_free(wire);
		return status;
	}
	mirror->published = wire;
	freshen_neighbours(mirror);
	return STATUS_OK;
}

static enum net_mirror_link read_link(const struct net_mirror_interface *configured, const struct kernel_view *view)
{
	const struct netlink_link *link = wire_assemble_link(configured, view);

	if (!configured->kernel)
		return NET_MIRROR_LINK_UP;
	if (link == NULL)
		return kernel_view_find_link(view, configured->name) ? NET_MIRROR_LINK_REMADE : NET_MIRROR_LINK_GONE;
	if (!link->up)
		return NET_MIRROR_LINK_DOWN;
	return link->carrier ? NET_MIRROR_LINK_UP : NET_MIRROR_LINK_NO_CARRIER;
}

static void tell_link(struct net_mirror *mirror, uint32_t index, enum net_mirror_link link)
{
	if (link == mirror->link[index])
		return;
	mirror->link[index] = link;
	if (mirror->link_changed != NULL)
		mirror->link_changed(mirror->argument, index, link);
}

static void refresh_links(struct net_mirror *mirror)
{
	for (uint32_t i = 0; i < mirror->interface_count; i++)
		tell_link(mirror, i, read_link(&mirror->configured[i], &mirror->view));
}

static void schedule_update(struct net_mirror *mirror, time_t seconds, suseconds_t microseconds)
{
	const struct timeval wait = {.tv_sec = seconds, .tv_usec = microseconds};

	if (!event_pending(mirror->update_timer, EV_TIMEOUT, NULL))
		event_add(mirror->update_timer, &wait);
}

static void update(evutil_socket_t fd, short what, void *argument)
{
	(void)fd, (void)what;
	struct net_mirror *mirror = argument;
	char error[REPORT_BYTES] = "";
	enum status status = kernel_view_read(&mirror->view, mirror->stale_kinds);

	if (status == STATUS_OK && (mirror->stale_kinds & (KERNEL_VIEW_LINKS | KERNEL_VIEW_ADDRESSES)) != 0 &&
	    refresh_interfaces(mirror, error, sizeof(error)) != STATUS_OK)
		report(mirror, error);
	if (status == STATUS_OK && (mirror->stale_kinds & KERNEL_VIEW_LINKS) != 0)
		refresh_links(mirror);
	if (status == STATUS_OK)
		status = publish_if_changed(mirror);
	if (status == STATUS_OK) {
		mirror->stale_kinds = 0;
		return;
	}
	snprintf(error, sizeof(error), "routes and neighbours cannot be read (%s); the lcores keep the last ones",
		 status_text(status));
	report(mirror, error);
	schedule_update(mirror, RETRY_S, 0);
}

static void freshen(evutil_socket_t fd, short what, void *argument)
{
	(void)fd, (void)what;
	freshen_neighbours(argument);
}

static unsigned int kinds_of(uint16_t message_type)
{
	switch (message_type) {
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		return KERNEL_VIEW_NEIGHBOURS;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return KERNEL_VIEW_ROUTES;
	default:
		/* The kernel does not tell of the IPv4 routes that go with a link or an address. */
		return KERNEL_VIEW_ALL;
	}
}

/* Down is told at once: it may be up again before the view is read, and what hung on it was cut off all the same. */
static void note_link(struct net_mirror *mirror, const struct ifinfomsg *link)
{
	for (uint32_t i = 0; i < mirror->interface_count; i++)
		if ((link->ifi_flags & IFF_UP) == 0 &&
		    wire_assemble_link_index(&mirror->configured[i], &mirror->view) == (uint32_t)link->ifi_index)
			tell_link(mirror, i, NET_MIRROR_LINK_DOWN);
}

static int note_message(const struct nlmsghdr *message, void *argument)
{
	struct net_mirror *mirror = argument;

	mirror->stale_kinds |= kinds_of(message->nlmsg_type);
	if (message->nlmsg_type == RTM_NEWLINK && mnl_nlmsg_get_payload_len(message) >= sizeof(struct ifinfomsg))
		note_link(mirror, mnl_nlmsg_get_payload(message));
	return MNL_CB_OK;
}

static void read_events(evutil_socket_t fd, short what, void *argument)
{
	(void)fd, (void)what;
	struct net_mirror *mirror = argument;

	for (;;) {
		ssize_t length = mnl_socket_recvfrom(mirror->events, mirror->event_bytes, sizeof(mirror->event_bytes));
		if (length < 0 && errno == ENOBUFS) {
			mirror->stale_kinds = KERNEL_VIEW_ALL; /* some were lost */
			continue;
		}
		if (length <= 0)
			break;
		mnl_cb_run(mirror->event_bytes, (size_t)length, 0, 0, note_message, mirror);
	}
	if (mirror->stale_kinds != 0)
		schedule_update(mirror, 0, COALESCE_US);
}

static enum status listen_to_kernel(struct net_mirror *mirror, struct event_base *base)
{
	static const int groups[] = {RTNLGRP_LINK,	  RTNLGRP_NEIGH,      RTNLGRP_IPV4_IFADDR,
				     RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE};
	const struct timeval freshen_every = {.tv_sec = FRESHEN_S};
	int size = EVENT_SOCKET_BYTES;

	mirror->events = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (mirror->events == NULL || mnl_socket_bind(mirror->events, 0, MNL_SOCKET_AUTOPID) != 0)
		return STATUS_ENVIRONMENT;
	int fd = mnl_socket_get_fd(mirror->events);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		int group = groups[i];
		if (mnl_socket_setsockopt(mirror->events, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) != 0)
			return STATUS_ENVIRONMENT;
	}
	mirror->readable = event_new(base, fd, EV_READ | EV_PERSIST, read_events, mirror);
	mirror->update_timer = event_new(base, -1, 0, update, mirror);
	mirror->freshen_timer = event_new(base, -1, EV_PERSIST, freshen, mirror);
	if (mirror->readable == NULL || mirror->update_timer == NULL || mirror->freshen_timer == NULL ||
	    event_add(mirror->readable, NULL) != 0 || event_add(mirror->freshen_timer, &freshen_every) != 0)
		return STATUS_NO_MEMORY;
	return STATUS_OK;
}

/* What comes by another interface (from this machine, by lo) was never on the wire, and no lcore could answer it. */
static void take_datagram(void *argument, const struct reservation_datagram *datagram)
{
	const struct net_mirror *mirror = argument;

	if (mirror->receive == NULL)
		return;
	if (datagram->is_unreachable) {
		mirror->receive(mirror->argument, 0, datagram);
		return;
	}
	for (uint32_t i = 0; i < mirror->interface_count; i++)
		if (mirror->configured[i].reads_reserved &&
		    wire_assemble_link_index(&mirror->configured[i], &mirror->view) == datagram->link_index) {
			mirror->receive(mirror->argument, (uint16_t)i, datagram);
			return;
		}
}

static enum status copy_plan(struct net_mirror *mirror, const struct net_mirror_plan *plan)
{
	uint32_t peer_count = 0;

	for (uint32_t i = 0; i < plan->interface_count; i++)
		peer_count += plan->interface[i].peer_count;
	mirror->configured = calloc(plan->interface_count + 1, sizeof(*mirror->configured));
	mirror->interface = calloc(plan->interface_count + 1, sizeof(*mirror->interface));
	mirror->link = calloc(plan->interface_count + 1, sizeof(*mirror->link));
	mirror->peers = calloc(peer_count + 1, sizeof(*mirror->peers));
	if (mirror->configured == NULL || mirror->interface == NULL || mirror->link == NULL || mirror->peers == NULL)
		return STATUS_NO_MEMORY;
	struct net_peer *next = mirror->peers;
	for (uint32_t i = 0; i < plan->interface_count; i++) {
		struct net_mirror_interface *copy = &mirror->configured[i];
		*copy = plan->interface[i];
		copy->peer = next;
		for (uint32_t p = 0; p < copy->peer_count; p++)
			*next++ = plan->interface[i].peer[p];
	}
	mirror->interface_count = plan->interface_count;
	mirror->publish = plan->publish;
	mirror->report = plan->report;
	mirror->link_changed = plan->link;
	mirror->argument = plan->argument;
	mirror->reservations.base = plan->base;
	for (uint32_t i = 0; i < plan->interface_count; i++)
		if (plan->interface[i].reads_reserved)
			mirror->reservations.read_link[mirror->reservations.read_link_count++] =
				plan->interface[i].link_index;
	mirror->reservations.receive = take_datagram;
	mirror->reservations.argument = mirror;
	mirror->receive = plan->receive;
	return STATUS_OK;
}

/* At the start an interface without the address that it should have is a mistake; later it may come and go. */
static enum status check_interfaces(const struct net_mirror *mirror, char *error, size_t error_bytes)
{
	for (uint32_t i = 0; i < mirror->interface_count; i++) {
		const struct net_mirror_interface *configured = &mirror->configured[i];
		if (!configured->kernel)
			continue;
		if (kernel_view_find_link(&mirror->view, configured->name) == NULL) {
			snprintf(error, error_bytes, "interface %s: the kernel has no such interface",
				 configured->name);
			return STATUS_NOT_FOUND;
		}
		if (mirror->interface[i].address_count == 0 ||
		    mirror->interface[i].address_count < configured->address_count) {
			snprintf(error, error_bytes,
				 "interface %s: it %s; ip address add ADDRESS/BITS dev %s gives it one",
				 configured->name,
				 configured->address_count ? "does not have all configured addresses"
							   : "has no address",
				 configured->name);
			return STATUS_NOT_FOUND;
		}
	}
	return STATUS_OK;
}

static enum status set_up(struct net_mirror *mirror, const struct net_mirror_plan *plan, char *error,
			  size_t error_bytes)
{
	enum status status = copy_plan(mirror, plan);

	error[0] = '\0';
	/* Listen first: what changes during the first reading is an event. */
	if (status == STATUS_OK)
		status = listen_to_kernel(mirror, plan->base);
	if (status == STATUS_OK)
		status = kernel_view_read(&mirror->view, KERNEL_VIEW_ALL);
	if (status == STATUS_OK)
		status = refresh_interfaces(mirror, error, error_bytes);
	if (status == STATUS_OK)
		status = check_interfaces(mirror, error, error_bytes);
	for (uint32_t i = 0; i < mirror->interface_count && status == STATUS_OK; i++)
		mirror->link[i] = read_link(&mirror->configured[i], &mirror->view);
	if (status == STATUS_OK)
		status = publish_if_changed(mirror);
	if (status != STATUS_OK && error[0] == '\0')
		snprintf(error, error_bytes, "the kernel's routes and neighbours cannot be read: %s",
			 status_text(status));
	return status;
}

enum status net_mirror_create(struct net_mirror **created, const struct net_mirror_plan *plan, char *error,
			      size_t error_bytes)
{
	struct net_mirror *mirror = calloc(1, sizeof(*mirror));

	if (mirror == NULL)
		return STATUS_NO_MEMORY;
	assert(plan->interface_count <= WIRE_INTERFACES_MAX);
	enum status status = set_up(mirror, plan, error, error_bytes);
	if (status != STATUS_OK) {
		net_mirror_free(mirror);
		return status;
	}
	*created = mirror;
	return STATUS_OK;
}

enum status net_mirror_send(struct net_mirror *mirror, const struct net_address *local, uint16_t interface,
			    const struct net_address *peer, struct span message)
{
	const struct reservation *reserved = reservation_find(&mirror->reservations, local);

	if (reserved == NULL || interface >= mirror->interface_count)
		return STATUS_NOT_FOUND;
	uint32_t link_index = wire_assemble_link_index(&mirror->configured[interface], &mirror->view);
	return kernel_socket_send(reserved->fd, local, link_index, peer, message);
}

enum net_mirror_link net_mirror_link(const struct net_mirror *mirror, uint32_t index)
{
	assert(index < mirror->interface_count);
	return mirror->link[index];
}

const char *net_mirror_link_text(enum net_mirror_link link)
{
	static const char *const texts[] = {
		[NET_MIRROR_LINK_UP] = "up",
		[NET_MIRROR_LINK_NO_CARRIER] = "no carrier",
		[NET_MIRROR_LINK_DOWN] = "down",
		[NET_MIRROR_LINK_GONE] = "gone",
		[NET_MIRROR_LINK_REMADE] = "made anew: restart amityd",
	};

	return texts[link];
}

const struct wire *net_mirror_wire(const struct net_mirror *mirror)
{
	return mirror->published;
}

static void free_event(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

void net_mirror_free(struct net_mirror *mirror)
{
	free_event(mirror->readable);
	free_event(mirror->update_timer);
	free_event(mirror->freshen_timer);
	if (mirror->events != NULL)
		mnl_socket_close(mirror->events);
	reservation_begin(&mirror->reservations);
	reservation_end(&mirror->reservations);
	kernel_view_free(&mirror->view);
	free(mirror->configured);
	free(mirror->interface);
	free(mirror->link);
	free(mirror->peers);
	free(mirror);
}
