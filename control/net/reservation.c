#include "reservation.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>

#include "kernel_socket.h"

/* Datagrams of one socket at a time, so that other events get their turn. */
#define READS_MAX 32

_Static_assert(WIRE_INTERFACES_MAX <= KERNEL_SOCKET_LINKS_MAX, "every interface can be read from");

static void free_one(struct reservation *reservation)
{
	if (reservation->readable != NULL)
		event_free(reservation->readable);
	if (reservation->fd >= 0)
		close(reservation->fd);
	free(reservation);
}

void reservation_begin(struct reservation_list *list)
{
	for (uint32_t i = 0; i < list->count; i++)
		list->reservation[i]->wanted = false;
}

void reservation_end(struct reservation_list *list)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < list->count; i++) {
		if (list->reservation[i]->wanted)
			list->reservation[kept++] = list->reservation[i];
		else
			free_one(list->reservation[i]);
	}
	list->count = kept;
}

static struct reservation *find(const struct reservation_list *list, const struct net_address *local)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (net_address_equals(&list->reservation[i]->wish.local, local))
			return list->reservation[i];
	return NULL;
}

static void read_errors(const struct reservation *reservation)
{
	struct reservation_list *list = reservation->list;
	struct kernel_socket_error error;

	for (int i = 0; i < READS_MAX; i++) {
		ssize_t length =
			kernel_socket_receive_error(reservation->fd, &error, list->datagram, sizeof(list->datagram));
		if (length < 0)
			return;
		if (memcmp(error.reporter, reservation->wish.local.ip, sizeof(error.reporter)) != 0)
			continue;
		const struct reservation_datagram datagram = {
			.local = reservation->wish.local,
			.peer = error.peer,
			.is_unreachable = true,
			.bytes = span_make(list->datagram, (size_t)length),
		};
		list->receive(list->argument, &datagram);
	}
}

/* Errors first: as long as one waits, so the kernel says, there is something to be read. */
static void read_socket(evutil_socket_t fd, short what, void *argument)
{
	struct reservation *reservation = argument;
	struct reservation_list *list = reservation->list;

	(void)what;
	read_errors(reservation);
	for (int i = 0; i < READS_MAX; i++) {
		struct reservation_datagram datagram = {.local = reservation->wish.local};
		ssize_t length = kernel_socket_receive(fd, &datagram.peer, &datagram.link_index, list->datagram,
						       sizeof(list->datagram));
		if (length < 0)
			return;
		datagram.bytes = span_make(list->datagram, (size_t)length);
		list->receive(list->argument, &datagram);
	}
}

static enum status listen_to(struct reservation *reservation, char *error, size_t error_bytes)
{
	const struct reservation_list *list = reservation->list;
	enum status status = STATUS_OK;

	if (list->read_link_count > 0)
		status = kernel_socket_listen(reservation->fd, &reservation->wish.local, list->read_link,
					      list->read_link_count);
	if (status == STATUS_OK) {
		reservation->readable =
			event_new(list->base, reservation->fd, EV_READ | EV_PERSIST, read_socket, reservation);
		if (reservation->readable == NULL || event_add(reservation->readable, NULL) != 0)
			status = STATUS_NO_MEMORY;
	}
	if (status != STATUS_OK)
		snprintf(error, error_bytes, "UDP port %u cannot be read: %s", reservation->wish.local.port,
			 status_text(status));
	return status;
}

enum status reservation_keep(struct reservation_list *list, const struct reservation_wish *wish, char *error,
			     size_t error_bytes)
{
	struct reservation *known = find(list, &wish->local);

	if (known != NULL) {
		known->wish = *wish;
		known->wanted = true;
		return STATUS_OK;
	}
	if (list->count == RESERVATIONS_MAX) {
		snprintf(error, error_bytes, "more than %d addresses", RESERVATIONS_MAX);
		return STATUS_LIMIT;
	}
	struct reservation *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		snprintf(error, error_bytes, "no memory for a socket");
		return STATUS_NO_MEMORY;
	}
	*opened = (struct reservation){.wish = *wish, .list = list, .fd = -1, .wanted = true};
	enum status status = kernel_socket_open(&opened->fd, &wish->local, wish->link_index, error, error_bytes);
	if (status == STATUS_OK)
		status = listen_to(opened, error, error_bytes);
	if (status == STATUS_OK)
		list->reservation[list->count++] = opened;
	else
		free_one(opened);
	return status;
}

const struct reservation *reservation_find(const struct reservation_list *list, const struct net_address *local)
{
	return find(list, local);
}
