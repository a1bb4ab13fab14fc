// What a TypeScript client of the API relies on, checked by the compiler against the types that openapi-typescript generates.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Schemas = components["schemas"];

export async function askForAgent(baseUrl: string, token: string): Promise<string> {
  const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
  const health = await client.GET("/healthz");
  const { data, error } = await client.POST("/api/user/customer-service/assign", { body: { message: "Where is my parcel?" } });
  if (error) return `${error.status} ${error.code}: ${error.detail}`;
  if (data.status === "assigned") {
    const rating: number = data.service.avg_rating;
    return `${health.data?.version}: ${data.chat.chat_id} with ${data.service.name} (${rating})`;
  }
  // @ts-expect-error A waiting answer has no chat.
  data.chat;
  return `${data.error}: ${data.queue_status.position}`;
}

export function describe(event: Schemas["UserEvent"]): string {
  switch (event.event) {
    case "message":
      return `${event.id} ${event.data.content}`;
    case "assigned":
      return event.data.service.name;
    case "timeout_warning":
      return String(event.data.seconds_left);
    default:
      return event.event;
  }
}

export async function listen(baseUrl: string, cursor: string): Promise<Response> {
  const client = createClient<paths>({ baseUrl });
  const { response } = await client.GET("/api/user/customer-service/events", {
    params: { header: { "Last-Event-ID": cursor } },
    parseAs: "stream",
  });
  return response;
}
