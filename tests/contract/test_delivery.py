"""What a customer's target receives of a job: over real HTTP, a real signature check, and SNS as moto plays it."""

import json
import ssl
import threading
import uuid
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook, WebhookVerificationError
from tests.contract.receiver import SECRET, receiving
from tests.services import client

from telecine.catalog import deliveries, jobs, notifications
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import JobState
from telecine.notify import webhook
from telecine.notify.message import Message
from telecine.notify.pump import LEASE_SECONDS, DeliveryOptions, deliver_due, send_test
from telecine.notify.schedule import RETRIES
from telecine.notify.targets import Allowed

SITE = "DEMO"
ALL = ("queued", "progressing", "complete", "error", "stopped")
PRIVATE = DeliveryOptions(private_targets=["127.0.0.0/8"])


class Clock:
    """The time, which stands still until it is moved."""

    def __init__(self):
        self.now = datetime.now(UTC)

    def __call__(self):
        return self.now

    def forward(self, **much):
        self.now += timedelta(**much)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make_job(make_job, clock):
    return lambda **values: make_job(**{"now": clock(), **values})


@pytest.fixture
def add(database, sealer):
    """Adds a notification for some words."""

    def add(url, *words, noti_type="WEBHOOK", access_key="", secret_key=SECRET):
        values = notifications.NotificationValues(
            "told", noti_type, url, access_key, secret_key, dict.fromkeys(words or ALL, True)
        )
        with database.write() as s:
            return notifications.create(s, sealer, SITE, values)

    return add


@pytest.fixture
def deliver(database, sealer, clock):
    def deliver(options=PRIVATE):
        return deliver_due(database, sealer, options, now=clock, dice=lambda: 0.5)

    return deliver


@pytest.fixture
def move(database, clock):
    def move(job, *states, **how):
        for state in states:
            with database.write() as s:
                assert jobs.advance(s, job.id, job.attempt, state, now=clock(), **how)

    return move


class TestWebhook:
    def test_a_receiver_gets_the_words_that_are_on_in_order_and_signed(
        self, add, make_job, move, deliver, receiver, log
    ):
        job = make_job(noti_id=add(receiver.url, "queued", "complete").id, user_data={"order": 7})
        move(job, JobState.DOWNLOADING, JobState.TRANSCODING, JobState.COMPLETE)
        assert deliver() == 2
        first, second = receiver.verified()
        assert (first["job_status"], second["job_status"]) == ("QUEUED", "COMPLETE")
        assert first["site_id"] == SITE
        assert first["job_id"] == job.id
        assert first["user_data"] == {"order": 7}
        assert "error_code" not in first
        assert [row.state for row in log()] == ["delivered", "delivered"]
        assert receiver.requests[0][0]["content-type"] == "application/json"
        assert deliver() == 0

    def test_an_error_carries_its_code_and_message(self, add, make_job, move, deliver, receiver):
        job = make_job(noti_id=add(receiver.url, "error").id)
        error = TelecineError(ErrorKind.PACKAGE_FAILED)
        move(job, JobState.ERROR, error=error, error_code="E8005")
        deliver()
        (told,) = receiver.verified()
        assert (told["job_status"], told["error_code"], told["error_message"]) == ("ERROR", "E8005", error.message)

    def test_a_retry_has_the_same_id_and_body_and_a_signature_of_its_own(
        self, add, make_job, deliver, receiver, log, clock
    ):
        make_job(noti_id=add(receiver.url).id)
        receiver.answers += [(500, {}, b"out of order"), (503, {}, b"")]
        for _ in range(3):
            deliver()
            clock.forward(minutes=1)
        ids = {headers["webhook-id"] for headers, _ in receiver.requests}
        assert len(receiver.requests) == 3
        assert len(ids) == 1
        assert len({headers["webhook-timestamp"] for headers, _ in receiver.requests}) == 3
        assert len({body for _, body in receiver.requests}) == 1
        receiver.verified()
        (row,) = log()
        assert (row.state, row.attempts) == ("delivered", 3)
        assert [(one.status, one.body) for one in row.tries] == [(500, "out of order"), (503, ""), (200, "thanks")]

    def test_another_secret_does_not_verify(self, add, make_job, deliver, receiver):
        make_job(noti_id=add(receiver.url).id)
        deliver()
        headers, body = receiver.requests[0]
        with pytest.raises(WebhookVerificationError):
            Webhook("whsec_" + "b3RoZXItc2VjcmV0LW90aGVyLXNlY3JldA==").verify(body, headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(body + b" ", headers)

    @pytest.mark.parametrize(("status", "state"), [(200, "delivered"), (204, "delivered"), (301, "pending")])
    def test_only_2xx_is_a_success(self, add, make_job, deliver, receiver, log, status, state):
        make_job(noti_id=add(receiver.url).id)
        receiver.answers.append((status, {"Location": f"{receiver.url}/elsewhere"}, b""))
        deliver()
        assert log()[0].state == state
        assert len(receiver.requests) == 1  # a redirect is not followed

    def test_much_of_an_answer_is_not_kept(self, add, make_job, deliver, receiver, log):
        make_job(noti_id=add(receiver.url).id)
        receiver.answers.append((400, {}, b"\0x\xff" * 100_000))
        deliver()
        (row,) = log()
        assert row.tries[0].status == 400
        assert 1000 < len(row.tries[0].body) <= 2000

    def test_retry_after_is_respected(self, add, make_job, deliver, receiver, log, clock):
        for wish in ("3600", format_datetime(clock() + timedelta(hours=1), usegmt=True)):
            make_job(noti_id=add(receiver.url).id)
            receiver.answers.append((429, {"Retry-After": wish}, b""))
        deliver()
        assert [row.next_try - clock() for row in log()] == [
            pytest.approx(timedelta(hours=1), abs=timedelta(seconds=1))
        ] * 2

    def test_gone_is_final(self, add, make_job, deliver, receiver, log):
        make_job(noti_id=add(receiver.url).id)
        receiver.answers.append((410, {}, b"never again"))
        deliver()
        assert log()[0].state == "dead"

    def test_a_message_is_given_up_after_days_and_can_be_resent(
        self, database, add, make_job, deliver, receiver, log, clock
    ):
        make_job(noti_id=add(receiver.url).id)
        receiver.answers += [(500, {}, b"")] * (RETRIES + 1)
        begun = clock()
        while log()[0].state == "pending":
            clock.now = max(clock(), log()[0].next_try)
            deliver()
        assert timedelta(days=2) < clock() - begun < timedelta(days=4)
        assert len(receiver.requests) == RETRIES + 1
        with database.write() as s:
            deliveries.resend(s, SITE, log()[0].id, noti_id=log()[0].noti_id, now=clock())
        deliver()
        assert log()[0].state == "delivered"

    def test_a_silent_target_does_not_hold_up_another(self, add, make_job, deliver, receiver, log):
        make_job(noti_id=add("http://127.0.0.1:1/").id)
        make_job(noti_id=add(receiver.url).id)
        assert deliver() == 2
        assert [row.state for row in log()] == ["pending", "delivered"]
        assert "connection failed" in log()[0].tries[0].body

    def test_an_answer_that_trickles_in_is_cut_off(self, receiver):
        told = threading.Event()

        def trickle(handler):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while not told.wait(0.05):
                handler.wfile.write(b"X-More: and more\r\n")

        receiver.answers.append(trickle)
        outcome = webhook.send(
            receiver.url,
            SECRET,
            Message("id", {}),
            now=datetime.now(UTC),
            allowed=Allowed.of(["127.0.0.1"]),
            tls=ssl.create_default_context(),
            seconds=0.5,
        )
        told.set()
        assert (outcome.delivered, outcome.body) == (False, "The target did not answer in time.")

    def test_a_test_event_arrives_signed(self, add, receiver):
        notification = add(receiver.url)
        assert send_test(notification, SECRET, PRIVATE).delivered
        (told,) = receiver.verified()
        assert (told["job_status"], told["site_id"]) == ("TEST", SITE)


class TestGuard:
    def test_a_private_target_is_not_even_called(self, add, make_job, deliver, receiver, log):
        notification = add(f"https://127.0.0.1:{receiver.port}/")
        make_job(noti_id=notification.id)
        deliver(DeliveryOptions())
        assert receiver.requests == []
        assert "not public" in log()[0].tries[0].body
        assert not send_test(notification, SECRET, DeliveryOptions()).delivered

    def test_a_name_is_resolved_once_and_the_checked_address_is_dialled(self, add, make_job, deliver, receiver, log):
        asked = []

        def changing_its_mind(host, port):
            asked.append((host, port))
            return ["127.0.0.1"] if len(asked) == 1 else ["127.9.9.9"]

        make_job(noti_id=add(f"http://hook.test:{receiver.port}/hook").id)
        deliver(DeliveryOptions(private_targets=["hook.test"], resolve=changing_its_mind))
        assert asked == [("hook.test", receiver.port)]
        assert receiver.requests[0][0]["host"] == f"hook.test:{receiver.port}"
        assert log()[0].state == "delivered"

    def test_a_name_that_turned_inward_is_refused_at_delivery(self, add, make_job, deliver, receiver, log):
        make_job(noti_id=add(f"https://hook.test:{receiver.port}/").id)
        deliver(DeliveryOptions(resolve=lambda host, port: ["127.0.0.1"]))
        assert receiver.requests == []
        assert "not public" in log()[0].tries[0].body

    def test_a_name_that_does_not_resolve_is_tried_again(self, add, make_job, deliver, log):
        def nothing(host, port):
            raise OSError(-2, "Name or service not known")

        make_job(noti_id=add("https://hook.test/").id)
        deliver(DeliveryOptions(resolve=nothing))
        assert log()[0].state == "pending"
        assert "does not resolve" in log()[0].tries[0].body

    @pytest.mark.parametrize(("name", "delivered"), [("hook.test", True), ("other.test", False)])
    def test_the_certificate_must_be_the_names(self, tmp_path, name, delivered):
        server, trust = certificate("hook.test", tmp_path)
        with receiving(server) as receiver:
            outcome = webhook.send(
                f"https://{name}:{receiver.port}/",
                SECRET,
                Message("id", {"job_id": 1}),
                now=datetime.now(UTC),
                allowed=Allowed.of(["127.0.0.1"]),
                tls=trust,
                resolve=lambda host, port: ["127.0.0.1"],
            )
            assert outcome.delivered is delivered
            assert len(receiver.requests) == int(delivered)
        if not delivered:
            assert "certificate" in outcome.body.lower()


class TestSns:
    @pytest.fixture
    def topic(self, moto):
        return moto.make_topic(f"topic-{uuid.uuid4().hex[:8]}")

    def test_a_subscriber_gets_the_payload_as_json(self, add, make_job, move, deliver, moto, topic, log):
        arn, take = topic
        keys = {"access_key": moto.keys.access_key, "secret_key": moto.keys.secret_key}
        job = make_job(noti_id=add(arn, "progressing", "complete", noti_type="SNS", **keys).id)
        move(job, JobState.DOWNLOADING, JobState.DOWNLOADED, JobState.COMPLETE)
        assert deliver(DeliveryOptions(sns_endpoint=moto.endpoint)) == 2
        told = take()
        assert sorted(message["Subject"] for message in told) == [
            f"Telecine job {job.id}: COMPLETE",
            f"Telecine job {job.id}: PROGRESSING",
        ]
        payloads = {json.loads(message["Message"])["job_status"]: json.loads(message["Message"]) for message in told}
        assert payloads["COMPLETE"] == log()[1].payload
        assert {message["MessageAttributes"]["message_id"]["Value"] for message in told} == {
            row.message_id for row in log()
        }
        assert [row.tries[0].status for row in log()] == [200, 200]

    def test_a_topic_that_is_not_there_is_told_in_the_log_and_tried_again(self, add, make_job, deliver, moto, log):
        arn = "arn:aws:sns:us-west-2:123456789012:no-such-topic"
        make_job(noti_id=add(arn, noti_type="SNS", access_key="AK", secret_key="s3same0pen").id)
        deliver(DeliveryOptions(sns_endpoint=moto.endpoint))
        (row,) = log()
        assert row.state == "pending"
        assert row.tries[0].status == 404
        assert "NotFound" in row.tries[0].body

    def test_sns_that_does_not_answer_is_tried_again(self, add, make_job, deliver, log):
        arn = "arn:aws:sns:us-west-2:123456789012:topic"
        make_job(noti_id=add(arn, noti_type="SNS", access_key="AK", secret_key="s3same0pen").id)
        deliver(DeliveryOptions(sns_endpoint="http://127.0.0.1:1"))
        assert (log()[0].state, log()[0].tries[0].status) == ("pending", None)
        assert "did not answer" in log()[0].tries[0].body

    def test_a_fifo_topic_takes_it(self, add, make_job, deliver, moto, log):
        sns = client("sns", moto.endpoint, moto.keys)
        name = f"topic-{uuid.uuid4().hex[:8]}.fifo"
        arn = sns.create_topic(Name=name, Attributes={"FifoTopic": "true"})["TopicArn"]
        make_job(noti_id=add(arn, noti_type="SNS", access_key="AK", secret_key="s3same0pen").id)
        deliver(DeliveryOptions(sns_endpoint=moto.endpoint))
        assert log()[0].state == "delivered"

    def test_a_test_event_is_published(self, add, moto, topic):
        arn, take = topic
        notification = add(arn, noti_type="SNS", access_key="AK", secret_key="s3same0pen")
        outcome = send_test(notification, "s3same0pen", DeliveryOptions(sns_endpoint=moto.endpoint))
        assert outcome.delivered
        assert json.loads(take()[0]["Message"])["job_status"] == "TEST"


class TestPump:
    def test_many_pumps_send_each_message_once(self, database, sealer, add, make_job, receiver, log):
        noti_id = add(receiver.url).id
        for _ in range(20):
            make_job(noti_id=noti_id)

        def pump():
            while deliver_due(database, sealer, PRIVATE):
                pass

        threads = [threading.Thread(target=pump) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(receiver.requests) == 20
        assert len({headers["webhook-id"] for headers, _ in receiver.requests}) == 20
        assert {row.state for row in log()} == {"delivered"}

    def test_what_a_dead_pump_had_claimed_is_sent_by_another(self, database, add, make_job, deliver, receiver, clock):
        make_job(noti_id=add(receiver.url).id)
        with database.write() as s:
            assert len(deliveries.due(s, clock(), LEASE_SECONDS, 10)) == 1
        assert deliver() == 0
        clock.forward(seconds=LEASE_SECONDS + 1)
        assert deliver() == 1
        assert len(receiver.requests) == 1

    def test_a_deleted_notification_is_not_told(self, database, add, make_job, deliver, receiver, log):
        notification = add(receiver.url)
        make_job(noti_id=notification.id)
        with database.write() as s:
            notifications.delete(s, SITE, notification.id)
        deliver()
        assert receiver.requests == []
        assert log()[0].state == "dead"

    def test_no_secret_gets_into_any_log(self, add, make_job, deliver, receiver, log, moto):
        arn = "arn:aws:sns:us-west-2:123456789012:no-such-topic"
        make_job(noti_id=add(arn, noti_type="SNS", access_key="AKIDSECRET", secret_key="s3same0pen").id)
        make_job(noti_id=add(receiver.url).id)
        make_job(noti_id=add("http://127.0.0.1:1/").id)
        with structlog.testing.capture_logs() as lines:
            deliver(DeliveryOptions(sns_endpoint=moto.endpoint, private_targets=["127.0.0.1"]))
        said = repr(lines) + repr([(one.status, one.body) for row in log() for one in row.tries])
        for secret in ("s3same0pen", "AKIDSECRET", SECRET.removeprefix("whsec_")):
            assert secret not in said


def certificate(name, folder):
    """A server's TLS context for `name`, and a client's that trusts its maker."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "maker")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file = folder / "server.pem"
    file.write_bytes(pem + secret)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cadata=pem.decode())
