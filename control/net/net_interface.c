#include "net_interface.h"

#include <stdio.h>

#include "kernel_view.h"

static enum status name_the_others(const struct kernel_view *view, const char *name, char *error, size_t error_bytes)
{
	int used = snprintf(error, error_bytes, "interface %s: there is none; this machine has", name);

	for (uint32_t i = 0; i < view->link_count && used > 0 && (size_t)used < error_bytes; i++)
		used += snprintf(error + used, error_bytes - (size_t)used, "%s %s", i ? "," : "", view->link[i].name);
	return STATUS_NOT_FOUND;
}

static bool is_link_local(const struct net_prefix *prefix)
{
	return prefix->ip[0] == 0xfe && (prefix->ip[1] & 0xc0) == 0x80;
}

static void fill(struct net_interface *interface, const struct kernel_view *view, const struct netlink_link *link)
{
	memset(interface, 0, sizeof(*interface));
	snprintf(interface->name, sizeof(interface->name), "%s", link->name);
	interface->index = link->index;
	interface->mtu_bytes = (uint16_t)(link->mtu_bytes < UINT16_MAX ? link->mtu_bytes : UINT16_MAX);
	interface->up = link->up;
	memcpy(interface->mac, link->mac, sizeof(interface->mac));
	for (int link_local = 0; link_local <= 1; link_local++)
		for (uint32_t i = 0; i < view->address_count && interface->address_count < WIRE_ADDRESSES_MAX; i++)
			if (view->address[i].link_index == link->index &&
			    is_link_local(&view->address[i].prefix) == link_local)
				interface->address[interface->address_count++] = view->address[i].prefix;
}

enum status net_interface_discover(struct net_interface *interface, const char *name, char *error, size_t error_bytes)
{
	struct kernel_view view = {.link = NULL};
	enum status status = kernel_view_read(&view, KERNEL_VIEW_LINKS | KERNEL_VIEW_ADDRESSES);
	const struct netlink_link *link = kernel_view_find_link(&view, name);

	if (status != STATUS_OK)
		snprintf(error, error_bytes, "the kernel's interfaces cannot be read: %s", status_text(status));
	else if (link == NULL)
		status = name_the_others(&view, name, error, error_bytes);
	else
		fill(interface, &view, link);
	kernel_view_free(&view);
	return status;
}
