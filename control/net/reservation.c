#include "reservation.h"

#include <stdio.h>
#include <unistd.h>

#include "kernel_socket.h"

void reservation_begin(struct reservation_list *list)
{
	for (uint32_t i = 0; i < list->count; i++)
		list->reservation[i].wanted = false;
}

void reservation_end(struct reservation_list *list)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < list->count; i++) {
		if (list->reservation[i].wanted)
			list->reservation[kept++] = list->reservation[i];
		else
			close(list->reservation[i].fd);
	}
	list->count = kept;
}

static struct reservation *find(struct reservation_list *list, const struct net_address *local)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (net_address_equals(&list->reservation[i].local, local))
			return &list->reservation[i];
	return NULL;
}

enum status reservation_keep(struct reservation_list *list, const struct net_address *local, uint32_t link_index,
			     char *error, size_t error_bytes)
{
	struct reservation *known = find(list, local);

	if (known != NULL) {
		known->wanted = true;
		return STATUS_OK;
	}
	if (list->count == RESERVATIONS_MAX) {
		snprintf(error, error_bytes, "more than %d addresses", RESERVATIONS_MAX);
		return STATUS_LIMIT;
	}
	struct reservation opened = {.local = *local, .wanted = true};
	enum status status = kernel_socket_open(&opened.fd, local, link_index, error, error_bytes);
	if (status == STATUS_OK)
		list->reservation[list->count++] = opened;
	return status;
}

const struct reservation *reservation_find(const struct reservation_list *list, const struct net_address *local)
{
	return find((struct reservation_list *)(uintptr_t)list, local);
}
