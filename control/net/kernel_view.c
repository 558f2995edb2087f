#include "kernel_view.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#define ANSWER_BYTES   (64 * 1024) /* the kernel fills larger buffers with more messages */
#define REQUEST_BYTES  256
#define ATTEMPTS_MAX   3 /* of a dump during which the kernel's table changed */
#define FIRST_CAPACITY 16

/* A growing array of one kind. */
struct collection {
	void *items;
	size_t item_bytes;
	uint32_t count, capacity;
	bool failed;
};

static void append(struct collection *collection, const void *item)
{
	if (collection->count == collection->capacity) {
		uint32_t capacity = collection->capacity ? 2 * collection->capacity : FIRST_CAPACITY;
		void *grown = realloc(collection->items, capacity * collection->item_bytes);
		if (grown == NULL) {
			collection->failed = true;
			return;
		}
		collection->items = grown;
		collection->capacity = capacity;
	}
	memcpy((char *)collection->items + collection->count * collection->item_bytes, item, collection->item_bytes);
	collection->count++;
}

static int collect_link(const struct nlmsghdr *message, void *argument)
{
	struct netlink_link link;

	if (netlink_read_link(&link, message))
		append(argument, &link);
	return MNL_CB_OK;
}

static int collect_address(const struct nlmsghdr *message, void *argument)
{
	struct netlink_address address;

	if (netlink_read_address(&address, message))
		append(argument, &address);
	return MNL_CB_OK;
}

static int collect_routes(const struct nlmsghdr *message, void *argument)
{
	struct netlink_route routes[NETLINK_READ_PATHS_MAX];
	uint32_t count = netlink_read_routes(routes, message);

	for (uint32_t i = 0; i < count; i++)
		append(argument, &routes[i]);
	return MNL_CB_OK;
}

static int collect_neighbour(const struct nlmsghdr *message, void *argument)
{
	struct netlink_neighbour neighbour;

	if (netlink_read_neighbour(&neighbour, message))
		append(argument, &neighbour);
	return MNL_CB_OK;
}

enum dump_result {
	DUMP_COMPLETE,
	DUMP_INTERRUPTED, /* the table changed meanwhile */
	DUMP_FAILED,
};

static enum dump_result dump(struct mnl_socket *socket, uint16_t type, mnl_cb_t collect, struct collection *collection)
{
	char request[REQUEST_BYTES];
	unsigned int port = mnl_socket_get_portid(socket);
	struct nlmsghdr *message = mnl_nlmsg_put_header(request);
	char *answer = malloc(ANSWER_BYTES);
	int result = MNL_CB_OK;

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message->nlmsg_seq = 1;
	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg)); /* the largest; family 0: both */
	if (answer == NULL || mnl_socket_sendto(socket, message, message->nlmsg_len) < 0)
		result = MNL_CB_ERROR;
	while (result == MNL_CB_OK) {
		ssize_t length = mnl_socket_recvfrom(socket, answer, ANSWER_BYTES);
		result = length <= 0 ? MNL_CB_ERROR : mnl_cb_run(answer, (size_t)length, 1, port, collect, collection);
	}
	bool interrupted = result == MNL_CB_ERROR && errno == EINTR; /* libmnl's word for NLM_F_DUMP_INTR */
	free(answer);
	if (interrupted)
		return DUMP_INTERRUPTED;
	return result == MNL_CB_STOP && !collection->failed ? DUMP_COMPLETE : DUMP_FAILED;
}

static enum status read_kind(uint16_t type, mnl_cb_t collect, void **items, uint32_t *count, size_t item_bytes)
{
	struct collection collection = {.item_bytes = item_bytes};
	enum dump_result result = DUMP_INTERRUPTED;

	for (int attempt = 0; attempt < ATTEMPTS_MAX && result == DUMP_INTERRUPTED; attempt++) {
		/* A socket for each attempt: what an interrupted dump left unread goes with it. */
		struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
		if (socket == NULL)
			break;
		collection.count = 0;
		result = DUMP_FAILED;
		if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0)
			result = dump(socket, type, collect, &collection);
		mnl_socket_close(socket);
	}
	if (result != DUMP_COMPLETE) {
		free(collection.items);
		return collection.failed ? STATUS_NO_MEMORY : STATUS_IO;
	}
	free(*items);
	*items = collection.items;
	*count = collection.count;
	return STATUS_OK;
}

enum status kernel_view_read(struct kernel_view *view, unsigned int kinds)
{
	enum status status = STATUS_OK;

	if ((kinds & KERNEL_VIEW_LINKS) != 0)
		status = read_kind(RTM_GETLINK, collect_link, (void **)&view->link, &view->link_count,
				   sizeof(*view->link));
	if (status == STATUS_OK && (kinds & KERNEL_VIEW_ADDRESSES) != 0)
		status = read_kind(RTM_GETADDR, collect_address, (void **)&view->address, &view->address_count,
				   sizeof(*view->address));
	if (status == STATUS_OK && (kinds & KERNEL_VIEW_ROUTES) != 0)
		status = read_kind(RTM_GETROUTE, collect_routes, (void **)&view->route, &view->route_count,
				   sizeof(*view->route));
	if (status == STATUS_OK && (kinds & KERNEL_VIEW_NEIGHBOURS) != 0)
		status = read_kind(RTM_GETNEIGH, collect_neighbour, (void **)&view->neighbour, &view->neighbour_count,
				   sizeof(*view->neighbour));
	return status;
}

const struct netlink_link *kernel_view_find_link(const struct kernel_view *view, const char *name)
{
	for (uint32_t i = 0; i < view->link_count; i++)
		if (strcmp(view->link[i].name, name) == 0)
			return &view->link[i];
	return NULL;
}

const struct netlink_neighbour *kernel_view_find_neighbour(const struct kernel_view *view, uint32_t link_index,
							   const uint8_t ip[16])
{
	for (uint32_t i = 0; i < view->neighbour_count; i++)
		if (view->neighbour[i].link_index == link_index && memcmp(view->neighbour[i].ip, ip, 16) == 0)
			return &view->neighbour[i];
	return NULL;
}

void kernel_view_use_neighbour(uint32_t link_index, const uint8_t ip[16])
{
	char request[REQUEST_BYTES];
	struct nlmsghdr *message = mnl_nlmsg_put_header(request);
	struct ndmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	bool v4 = net_address_is_v4(ip);

	message->nlmsg_type = RTM_NEWNEIGH;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE;
	header->ndm_family = v4 ? AF_INET : AF_INET6;
	header->ndm_ifindex = (int)link_index;
	header->ndm_flags = NTF_USE;
	mnl_attr_put(message, NDA_DST, v4 ? 4 : 16, v4 ? ip + 12 : ip);
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (socket == NULL)
		return;
	/* Without an acknowledgement: the next event or the next round tells. */
	(void)mnl_socket_sendto(socket, message, message->nlmsg_len);
	mnl_socket_close(socket);
}

void kernel_view_free(struct kernel_view *view)
{
	free(view->link);
	free(view->address);
	free(view->route);
	free(view->neighbour);
	memset(view, 0, sizeof(*view));
}
