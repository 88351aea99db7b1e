import Clocks
import GameRules
import HTTPServer
import Synchronization
import Telemetry

/// The game: a request becomes an event, and is answered when the event is in the log.
final class GameServer: Sendable {
    private let producer: EventProducer
    private let dice: Mutex<StrengthDice>
    private let log: Logger
    /// Acknowledged events so far, and how many failed.
    private let acknowledged = Atomic(0)
    private let failed = Atomic(0)

    init(producer: EventProducer, seed: UInt64, log: Logger) {
        self.producer = producer
        self.log = log
        dice = Mutex(StrengthDice(seed: seed))
    }

    var counts: (acknowledged: Int, failed: Int) {
        (acknowledged.load(ordering: .relaxed), failed.load(ordering: .relaxed))
    }

    func handle(_ request: HTTPRequest, _ responder: HTTPResponder) {
        guard let action = GameAction.at(request.path) else {
            return responder.respond(.text("There is nothing here.\n", status: 404))
        }
        guard request.method == "GET" else {
            var response = HTTPResponse.text("Only GET is played.\n", status: 405)
            response.headers.append(HTTPHeader("Allow", "GET"))
            return responder.respond(response)
        }
        let strength = action.hasStrength ? dice.withLock { $0.roll() } : nil
        let event = GameEvent.json(
            of: action,
            strength: strength,
            headers: request.headers.map { (name: $0.name, value: $0.value) }
        )
        producer.send(event) { [self] result in
            switch result {
            case .success:
                acknowledged.add(1, ordering: .relaxed)
                responder.respond(.text(action.answer))
            case .failure(let error):
                failed.add(1, ordering: .relaxed)
                log.warning("an event was not delivered", ["reason": error.message])
                var response = HTTPResponse.text(
                    "The event could not be stored: \(error.message). Try again.\n",
                    status: 503
                )
                response.headers.append(HTTPHeader("Retry-After", "1"))
                responder.respond(response)
            }
        }
    }
}
