import Clocks
import Glibc
import HTTPServer
import Telemetry

/// `game-api`: the demo's game, a client of Millrace like any other.
@main
struct GameAPI {
    static func main() {
        StopSignals.block()
        do throws(UsageError) {
            switch try Request(Array(CommandLine.arguments.dropFirst())) {
            case .help: Output.write(Request.helpText)
            case .serve(let options): exit(serve(options))
            case .load(let options): exit(LoadPlayer(options).play())
            }
        } catch {
            Output.complain("game-api: \(error.message); see game-api --help")
            exit(2)
        }
    }

    private static func serve(_ options: ServeOptions) -> Int32 {
        let sink = LogSink(descriptor: 2, clock: SystemClocks())
        let log = Logger(component: "game-api", sink: sink)
        var random = SystemRandom()
        let producer: EventProducer
        do throws(ProduceError) {
            producer = try EventProducer(brokers: options.brokers, topic: options.topic)
        } catch {
            Output.complain("game-api: \(error.message)")
            return 1
        }
        let game = GameServer(producer: producer, seed: random.next(), log: log)
        let server = HTTPServer(
            configuration: HTTPServer.Configuration(
                address: options.listen.host,
                port: options.listen.port,
                threads: 1,
                bodyBytesMax: 64 * 1024
            ),
            log: log,
            metrics: MetricsRegistry(),
            handler: { game.handle($0, $1) }
        )
        do throws(HTTPServerError) {
            try server.start()
        } catch {
            Output.complain("game-api: \(error)")
            _ = producer.close(milliseconds: 0)
            return 1
        }
        let ready: KeyValuePairs<String, any LogValue> = [
            "listen": "\(options.listen.host):\(server.port)", "brokers": options.brokers,
            "topic": options.topic,
        ]
        log.info("the game is open", ready)
        StopSignals.wait()
        // First the requests that are on their way, which wait for the log; then nothing can come
        // any more.
        server.stop(gracePeriod: .seconds(4))
        let isFlushed = producer.close(milliseconds: 5000)
        let counts = game.counts
        log.info(
            "the game is closed",
            ["acknowledged": counts.acknowledged, "failed": counts.failed]
        )
        return isFlushed ? 0 : 1
    }
}
