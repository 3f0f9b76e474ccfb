package parley.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import parley.bench.BenchSettings;
import parley.bench.BenchSettings.Scenario;

class BenchCommandTest {

    private static ConfigLoader.Result load(String... arguments) {
        List<String> line = new ArrayList<>(List.of("bench"));
        line.addAll(List.of(arguments));
        return ConfigLoader.load(line, Map.of("PARLEY_PORT", "x"), "test");
    }

    private static BenchSettings settings(String... arguments) {
        ConfigLoader.Result result = load(arguments);
        return assertInstanceOf(ConfigLoader.Bench.class, result, result::toString)
                .settings();
    }

    @Test
    void aloneItMeasuresEverythingOnAServerOfItsOwn() {
        assertEquals(
                new BenchSettings(
                        null,
                        null,
                        List.of(Scenario.values()),
                        0,
                        0,
                        16,
                        2000,
                        5,
                        15,
                        100,
                        false,
                        null,
                        List.of(),
                        0,
                        List.of(),
                        false),
                settings());
    }

    @Test
    void everyOptionArrives() {
        assertEquals(
                new BenchSettings(
                        URI.create("ws://h/%7Bi%7D"),
                        URI.create("http://h/%7Bto%7D"),
                        List.of(Scenario.OPEN_LOOP, Scenario.ECHO),
                        1,
                        2,
                        3,
                        4,
                        5,
                        6,
                        48,
                        true,
                        "a {msg}",
                        List.of("A: b", "C: d, e"),
                        7,
                        List.of("--history", "off"),
                        true),
                settings(
                        "open-loop",
                        "echo",
                        "open-loop",
                        "--url=ws://h/{i}",
                        "--publish-url=http://h/{to}",
                        "--clients=1",
                        "--publishers=2",
                        "--depth=3",
                        "--rate=4",
                        "--time=5",
                        "--warm-up=6",
                        "--size=48",
                        "--v1",
                        "--echo=a {msg}",
                        "--header=A: b",
                        "--header=C: d, e",
                        "--pid=7",
                        "--server= --history  off ",
                        "--json"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "uni-cast            | There is no scenario uni-cast. Did you mean unicast? See bench --help.",
                "--size=47           | --size must be a number from 48 to 1048576, not '47'.",
                "--time=0            | --time must be a number from 1 to 86400, not '0'.",
                "--header=x          | --header must be like 'Name: value'.",
                "--rat=1             | There is no option --rat. Did you mean --rate?",
            })
    void mistakesAreNamed(String argument, String words) {
        assertEquals(
                words,
                assertInstanceOf(ConfigLoader.Wrong.class, load(argument)).text());
    }
}
