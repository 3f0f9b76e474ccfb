import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnError;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.Session;
import jakarta.websocket.server.PathParam;
import jakarta.websocket.server.ServerEndpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.ee11.servlet.ServletContextHandler;
import org.eclipse.jetty.ee11.servlet.ServletHolder;
import org.eclipse.jetty.ee11.websocket.jakarta.server.config.JakartaWebSocketServletContainerInitializer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/**
 * The push server as every article has it: a static map from user to session, and synchronous sends from the publishing
 * thread. On the Jetty that is in server.jar: {@code java -cp server.jar Textbook.java PORT}.
 */
public class Textbook {

    static final Map<String, Session> USERS = new ConcurrentHashMap<>();

    @ServerEndpoint("/ws/{user}")
    public static class Endpoint {
        @OnOpen
        public void open(Session session, @PathParam("user") String user) {
            session.setMaxIdleTimeout(0);
            USERS.put(user, session);
        }

        @OnMessage
        public String echo(String message) {
            return message;
        }

        @OnClose
        public void close(Session session, @PathParam("user") String user) {
            USERS.remove(user, session);
        }

        @OnError
        public void error(Throwable error) {}
    }

    /** POST /pub?u=USER, and u=all for everybody. */
    public static class Publish extends HttpServlet {
        @Override
        protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
            String message = new String(request.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            String user = request.getQueryString().substring(2);
            Session one = USERS.get(user);
            Collection<Session> targets =
                    user.equals("all") ? USERS.values() : one == null ? List.of() : List.of(one);
            for (Session session : targets) {
                try {
                    session.getBasicRemote().sendText(message);
                } catch (IOException | RuntimeException gone) {
                    // its close will tell
                }
            }
            response.setStatus(204);
        }
    }

    public static void main(String[] arguments) throws Exception {
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        connector.setPort(Integer.parseInt(arguments[0]));
        connector.setAcceptQueueSize(4096);
        connector.setIdleTimeout(600_000);
        server.addConnector(connector);
        ServletContextHandler context = new ServletContextHandler("/");
        context.addServlet(new ServletHolder(new Publish()), "/pub");
        JakartaWebSocketServletContainerInitializer.configure(context, (servlets, container) -> {
            container.setDefaultMaxSessionIdleTimeout(0);
            container.addEndpoint(Endpoint.class);
        });
        server.setHandler(context);
        server.start();
    }
}
